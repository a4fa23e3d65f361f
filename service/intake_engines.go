package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/service/intake"
	"github.com/debriefhq/debrief/service/intake/rules"
)

// engines are the rules and mappings of integrations, ready to be used.
type engines struct {
	mutex sync.Mutex
	known map[string]engineEntry
}

type engineEntry struct {
	revision int64
	// engine and mapping are nil where the integration has no rules, or no mapping.
	engine  *rules.Engine
	mapping *intake.Mapping
}

// maxEngines bounds of how many integrations they are remembered.
const maxEngines = 256

// of are an integration's rules and mapping as they stand.
func (e *engines) of(integration repository.Integration) (engineEntry, error) {
	e.mutex.Lock()
	entry, found := e.known[integration.ID]
	e.mutex.Unlock()
	if found && entry.revision == integration.Revision {
		return entry, nil
	}
	entry = engineEntry{revision: integration.Revision}
	var err error
	if len(integration.Rules)+len(integration.MaintenanceWindows) > 0 {
		if entry.engine, err = rules.New(ruleSet(integration)); err != nil {
			return entry, fmt.Errorf("the rules of %s: %w", integrationName(integration.ID), err)
		}
	}
	if integration.Mapping != nil {
		if entry.mapping, err = intake.NewMapping(mappingSource(*integration.Mapping)); err != nil {
			return entry, fmt.Errorf("the mapping of %s: %w", integrationName(integration.ID), err)
		}
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.known == nil || len(e.known) >= maxEngines {
		e.known = map[string]engineEntry{}
	}
	e.known[integration.ID] = entry
	return entry, nil
}

// mappingSource is a mapping as it is compiled.
func mappingSource(mapping repository.AlertMapping) intake.MappingSource {
	return intake.MappingSource{
		Alerts: mapping.Alerts, Key: mapping.Key, Episode: mapping.Episode, Status: cmp.Or(mapping.Status, `"firing"`), Title: mapping.Title,
		Summary: mapping.Summary, Severity: mapping.Severity, Labels: mapping.Labels, Annotations: mapping.Annotations,
		Time: mapping.Time, URL: mapping.Link,
	}
}

// ruleSet is what an integration says of its alerts, as rules are read.
func ruleSet(integration repository.Integration) rules.Set {
	var set rules.Set
	for _, rule := range integration.Rules {
		made := rules.Rule{
			Name: rule.Title, Condition: rule.Condition, Severity: rule.Severity, Outcome: rules.Outcome(rule.Outcome),
			Count: int(rule.Count), Window: rule.Window, GroupBy: rule.GroupBy,
		}
		for _, name := range slices.Sorted(maps.Keys(rule.Labels)) {
			if value := rule.Labels[name]; value != "" {
				made.SetLabels = append(made.SetLabels, rules.Label{Name: name, Value: value})
			} else {
				made.RemoveLabels = append(made.RemoveLabels, name)
			}
		}
		set.Rules = append(set.Rules, made)
	}
	for _, window := range integration.MaintenanceWindows {
		set.Maintenance = append(set.Maintenance, rules.MaintenanceWindow{
			StartTime: window.StartTime, EndTime: window.EndTime, Condition: window.Condition, Reason: window.Reason,
		})
	}
	return set
}
