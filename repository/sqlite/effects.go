package sqlite

import (
	"github.com/debriefhq/debrief/repository"
)

// effects are the rows that follow from a change. Those of events have no id until they are written.
type effects struct {
	events, timelineEntries, actionItems, postMortemRevisions, systemRevisions []row
	size                                                                       int
}

func (r *Repository) encodeEffects(from repository.Effects) (effects, error) {
	var (
		encoded effects
		err     error
	)
	if encoded.events, err = encodeAll(r.events.codec, from.Events, &encoded.size); err != nil {
		return effects{}, err
	}
	if encoded.timelineEntries, err = encodeAll(r.timelineEntries.codec, from.TimelineEntries, &encoded.size); err != nil {
		return effects{}, err
	}
	if encoded.actionItems, err = encodeAll(r.actionItems.codec, from.ActionItems, &encoded.size); err != nil {
		return effects{}, err
	}
	if encoded.postMortemRevisions, err = encodeAll(r.postMortemRevisions.codec, from.PostMortemRevisions, &encoded.size); err != nil {
		return effects{}, err
	}
	encoded.systemRevisions, err = encodeAll(r.systemRevisions.codec, from.SystemRevisions, &encoded.size)
	return encoded, err
}

func encodeAll[T any](codec codec[T], resources []T, size *int) ([]row, error) {
	rows := make([]row, len(resources))
	for i := range resources {
		var err error
		if rows[i], err = codec.encode(&resources[i]); err != nil {
			return nil, err
		}
		*size += len(rows[i].document)
	}
	return rows, nil
}

// writeEffects inserts what is not there already.
func (r *Repository) writeEffects(tx *transaction, effects *effects) error {
	for _, each := range []struct {
		table *table
		rows  []row
	}{
		{r.timelineEntries.table, effects.timelineEntries},
		{r.actionItems.table, effects.actionItems},
		{r.postMortemRevisions.table, effects.postMortemRevisions},
		{r.systemRevisions.table, effects.systemRevisions},
	} {
		for i := range each.rows {
			if _, err := tx.insert(each.table, &each.rows[i]); err != nil {
				return err
			}
		}
	}
	return tx.insertEvents(r.events.table, effects.events)
}
