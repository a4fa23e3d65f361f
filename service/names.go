package service

import (
	"strconv"
	"strings"
)

// The collections of resource names.
const (
	incidentsCollection          = "incidents"
	timelineEntriesCollection    = "timelineEntries"
	postMortemsCollection        = "postMortems"
	revisionsCollection          = "revisions"
	actionItemsCollection        = "actionItems"
	statementsCollection         = "statements"
	groundRuleSetsCollection     = "groundRuleSets"
	templatesCollection          = "postMortemTemplates"
	systemsCollection            = "systems"
	mentalModelsCollection       = "mentalModels"
	modelGapsCollection          = "gaps"
	rejectedDeliveriesCollection = "rejectedDeliveries"
	deliveriesCollection         = "deliveries"
	integrationsCollection       = "integrations"
	alertsCollection             = "alerts"
	subscriptionsCollection      = "subscriptions"
	eventDeliveriesCollection    = "eventDeliveries"
	apiKeysCollection            = "apiKeys"
)

// resourceName joins the parts of a resource name.
func resourceName(parts ...string) string { return strings.Join(parts, "/") }

// lastID is the last part of a resource name, which validation has found to be well-formed.
func lastID(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func incidentName(id string) string { return resourceName(incidentsCollection, id) }

func timelineEntryName(incident, id string) string {
	return resourceName(incidentsCollection, incident, timelineEntriesCollection, id)
}

func postMortemName(id string) string { return resourceName(postMortemsCollection, id) }

func statementName(postMortem, id string) string {
	return resourceName(postMortemsCollection, postMortem, statementsCollection, id)
}

func groundRuleSetName(id string) string { return resourceName(groundRuleSetsCollection, id) }

func templateName(id string) string { return resourceName(templatesCollection, id) }

func systemName(id string) string { return resourceName(systemsCollection, id) }

func systemRevisionName(system string, number int32) string {
	return resourceName(systemsCollection, system, revisionsCollection, strconv.Itoa(int(number)))
}

func mentalModelName(postMortem, id string) string {
	return resourceName(postMortemsCollection, postMortem, mentalModelsCollection, id)
}

func alertName(id string) string { return resourceName(alertsCollection, id) }

func integrationName(id string) string { return resourceName(integrationsCollection, id) }

func apiKeyName(id string) string { return resourceName(apiKeysCollection, id) }

func deliveryName(id string) string { return resourceName(deliveriesCollection, id) }

func subscriptionName(id string) string { return resourceName(subscriptionsCollection, id) }

func actionItemName(id string) string { return resourceName(actionItemsCollection, id) }

// parentID is the id of the resource to which a child's name belongs.
func parentID(name string) string { return strings.Split(name, "/")[1] }

func revisionName(postMortem string, number int32) string {
	return resourceName(postMortemsCollection, postMortem, revisionsCollection, strconv.Itoa(int(number)))
}
