package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/plaintext"
)

var (
	postMortemStates = []string{"DRAFT", "SCHEDULED", "IN_REVIEW", "PUBLISHED", "ARCHIVED"}
	incidentStates   = []string{"TRIAGE", "ACTIVE", "MITIGATED", "RESOLVED", "CLOSED", "CANCELED", "MERGED"}
	milestoneNames   = []string{"STARTED", "DETECTED", "ACKNOWLEDGED", "MITIGATED", "RESOLVED", "CLOSED"}
	actionStates     = []string{"OPEN", "IN_PROGRESS", "DONE", "VERIFIED", "INEFFECTIVE", "DROPPED"}
	entryKinds       = []string{"DETECTION", "DIAGNOSIS", "ACTION", "REPAIR", "COMMUNICATION", "ALERT", "KEY_MOMENT", "NOTE"}
	conclusions      = []string{"ACTION_ITEMS", "NOTHING_TO_DO"}
	strengths        = []string{"STRONGER", "INTERMEDIATE", "WEAKER"}
	categories       = []string{
		"ARCHITECTURE", "TOOLING", "DOCUMENTATION", "PROCESS", "TRAINING", "ACCESS_AND_SAFEGUARDS", "OBSERVABILITY",
		"COMMUNICATION", "WORKLOAD", "EXTERNAL_DEPENDENCY", "UNKNOWN",
	}
)

// enum is one of the API's names as people read it: "In review" is "IN_REVIEW". It is empty for any other text.
func enum(said string, names []string) string {
	name := strings.ToUpper(strings.ReplaceAll(plaintext.Line(said), " ", "_"))
	if slices.Contains(names, name) {
		return name
	}
	return ""
}

// guesses are patterns in the order in which they are asked: the first that matches wins.
type guesses []struct {
	name    string
	pattern *regexp.Regexp
}

func (g guesses) of(text string) string {
	for _, guess := range g {
		if guess.pattern.MatchString(text) {
			return guess.name
		}
	}
	return ""
}

func wordsLike(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)\b(?:` + pattern + `)`) }

// kindGuesses tell the kind of a timeline's entry by its words.
var kindGuesses = guesses{
	{"ALERT", wordsLike(`alert(?:s|ed)?\b.{0,40}\b(?:fire|trigger|page|sent|open|went|go)|(?:fire|trigger|page)[sd]?\b.{0,40}\balert|paged\b|pages (?:the|on)\b|page:|pager|alarm|monitor(?:ing)? (?:fires|trigger|report)|alertmanager|firing`)},
	{"COMMUNICATION", wordsLike(`status ?page|announc|notif(?:ied|ies)|inform(?:ed|s)|tweet|email(?:ed|s)? (?:to|customers)|posted|customers? (?:are|were) told|communicat|update (?:is )?(?:sent|posted|published)|banner`)},
	{"REPAIR", wordsLike(`roll(?:ed|s|ing)? ?back|revert|mitigat|fix(?:ed|es)?\b|restor|recover|resolved?\b|back to normal|patched|hotfix|fail(?:ed|s)? over|scaled? (?:up|out)|drain(?:ed|s)`)},
	{"DIAGNOSIS", wordsLike(`suspect|hypothes|investigat|identif|found\b|finds\b|root cause|diagnos|narrow|correlat|logs? (?:show|reveal)|traced?\b|realis|realiz|confirm|discover`)},
	{"DETECTION", wordsLike(`detect|notice|report(?:s|ed)?\b|complain|ticket|first (?:error|sign|report)|observ(?:e|ed|es)\b|sees?\b|saw\b|asks?\b|hears?\b`)},
	{"ACTION", wordsLike(`restart|deploy|disabl|enabl|join|declar|start(?:s|ed)?\b|stop(?:s|ped)?\b|chang|creat|delet|ran\b|runs\b|switch|increas|decreas|opened|merged?|applied|applies|block|push|escalat|acknowledg|call(?:s|ed)\b|tagged|upload|withdr|attach|detach|moves?\b|moved|roll(?:s|ed|ing)?\b|taken (?:out|back|down)|releas`)},
}

// categoryGuesses tell the category of a contributing factor by its words.
var categoryGuesses = guesses{
	{"OBSERVABILITY", wordsLike(`alert|monitor|dashboard|metrics?\b|logg(?:ed|ing)|tracing|visib(?:le|ility)|observab|no signal|unnoticed|graph`)},
	{"EXTERNAL_DEPENDENCY", wordsLike(`vendor|third[- ]party|provider|upstream|external|registrar|carrier|cloud region|supplier`)},
	{"DOCUMENTATION", wordsLike(`runbook|playbook|documentation|documented|undocumented|readme|wiki|docs\b`)},
	{"TRAINING", wordsLike(`train(?:ed|ing)|onboard|unfamiliar|had never|first time|knowledge of|know-how`)},
	{"ACCESS_AND_SAFEGUARDS", wordsLike(`permission|access|credential|safeguard|guard ?rail|confirmation|privilege|interlock|protection|without asking|dry[- ]run|token|secret|certificate`)},
	{"COMMUNICATION", wordsLike(`communicat|announce|hand-?over|not told|unaware|channel|told nobody|notice`)},
	{"WORKLOAD", wordsLike(`workload|fatigue|on-?call load|shift|understaffed|overtime|deadline|holiday|weekend|busy`)},
	{"PROCESS", wordsLike(`process|review|approval|checklist|polic(?:y|ies)|procedure|change window|freeze|test(?:s|ed|ing)?\b|staging|canary|rollout|release`)},
	{"TOOLING", wordsLike(`tool|script|pipeline|\bci\b|deploy(?:ment|er)?|automation|command|console|cli\b|linter|config(?:uration)?`)},
	{"ARCHITECTURE", wordsLike(`architecture|single point|capacity|timeouts?|time-outs?|retr(?:y|ies)|queue|cache|database|replica|coupl|concurren|race|pool|limit|schema|memory|disk|connection|shared|failover|overload|quer(?:y|ies)|lock|bug`)},
}

// codeSpans are not read for words.
var codeSpans = regexp.MustCompile("`[^`\n]*`")

func guessKind(text string) string {
	if kind := kindGuesses.of(codeSpans.ReplaceAllString(text, " ")); kind != "" {
		return kind
	}
	return "NOTE"
}

func guessCategory(text string) string {
	return categoryGuesses.of(codeSpans.ReplaceAllString(text, " "))
}

var (
	severityNumber = regexp.MustCompile(`(?i)(?:\b(?:sev(?:erity)?|s|p|prio(?:rity)?|level)[ -]?|^)([0-5])\b`)
	severityWords  = intake.DefaultSeverityMapping()
)

// severityOf is "SEV1" … "SEV5", or empty where the words do not say: numbers are read as they stand, with 0 as 1, words
// as those of alerts are.
func severityOf(said string) string {
	if found := severityNumber.FindStringSubmatch(said); found != nil {
		return "SEV" + max(found[1], "1")
	}
	for word := range words(said) {
		if severity := severityWords.Severity(map[string]string{severityWords.Label: word}); severity != "" {
			return severity
		}
	}
	return ""
}
