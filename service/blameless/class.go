package blameless

// class is what is known of a word by itself: a set of the bits below. A word of English has often several, and its place
// in a sentence decides; see phrase.go.
type class uint64

const (
	classDeterminer   class = 1 << iota // the, a, this, no, each
	classPossessive                     // my, their, whose
	classPronoun                        // of people: he, they, somebody
	classThingPronoun                   // it, this, everything
	classWho                            // who, whoever
	classThat                           // that, which: after a noun
	classPreposition
	classSubordinator // because, when, if: a clause begins
	classConjunction  // and, but, or
	classModal        // should, would
	classBe
	classHave
	classDo
	classNegation
	classAdverb
	classAdjective
	classPerson      // engineer, team
	classMaybePerson // operator, manager: of a system only beside its name
	classMaybeThing  // agent, client: a person only beside a word that says so
	classThing       // deploy, host
	className        // Priya
	classMaybeName   // Frank, Will
	classTitle       // Mr., Dr.
	classSystem      // Kafka
	classCalendar    // Monday, May
	classBase        // of a verb: check
	classPresent     // checks
	classPast        // checked
	classParticiple  // checked, forgotten
	classGerund      // checking
	classNumber
	classTime // 10:02
	classOpaque
	classPunctuation
	classTechnical  // db-3, /var/lib, v1.2
	classCapital    // written with a capital
	classUnknown    // in no list
	classHandle     // @priya
	classRelational // of a person: head, member, one: what follows "of" decides
	classOrdinary   // a word known in lower case
)

const (
	classVerb   = classBase | classPresent | classPast | classParticiple | classGerund
	classFinite = classPresent | classPast | classModal | classBe | classHave | classDo
	classNoun   = classPerson | classMaybePerson | classMaybeThing | classThing | className | classMaybeName | classSystem |
		classTitle | classCalendar | classNumber | classTime | classOpaque | classTechnical | classUnknown | classHandle | classRelational
)

// sectionClasses are what the words of sections are that only the rules ask for.
var sectionClasses = map[string]class{
	"judge": classAdjective, "judge-weak": classAdjective, "virtue": classAdjective, "care-verb": classAdjective,
	"vice": classThing, "deed": classThing, "damage": classThing, "signal": classThing, "error-word": classThing, "vicious-adverb": classAdverb,
}

// classNames are the classes that a file of words can give, by the name of a section, and a pattern can ask for.
var classNames = map[string]class{
	"determiner": classDeterminer, "possessive": classPossessive, "pronoun": classPronoun, "thing-pronoun": classThingPronoun,
	"who": classWho, "that": classThat, "preposition": classPreposition, "subordinator": classSubordinator,
	"conjunction": classConjunction, "modal": classModal, "be": classBe, "have": classHave, "do": classDo,
	"negation": classNegation, "adverb": classAdverb, "adjective": classAdjective, "people": classPerson,
	"maybe-people": classMaybePerson, "maybe-things": classMaybeThing, "things": classThing, "name": className,
	"maybe-name": classMaybeName, "title": classTitle, "systems": classSystem, "calendar": classCalendar,
	"relational": classRelational,
	"verb":       classVerb, "base": classBase, "present": classPresent, "past": classPast, "participle": classParticiple,
	"gerund": classGerund, "number": classNumber, "time": classTime, "opaque": classOpaque, "punctuation": classPunctuation,
	"technical": classTechnical, "capital": classCapital, "unknown": classUnknown, "handle": classHandle,
}
