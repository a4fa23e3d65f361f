package service

import (
	"github.com/debriefhq/debrief/service/access"
)

// permission is what a method asks of who calls it.
type permission struct {
	// role is the least that may call it.
	role access.Role
	// changes says that it changes something, so that the audit trail has it.
	changes bool
	// open says that who calls is not even asked who they are.
	open bool
}

// permissions is the one table that says which role may call which method, by the methods' full names. What is not in it may be
// called by nobody; a test sees to it that every method is.
var permissions = permissionTable([]methods{
	{"debrief.v1.AccessService", access.Nobody, reads, []string{"GetCaller"}},
	{"debrief.v1.AccessService", access.Admin, reads, []string{"GetApiKey", "ListApiKeys", "ListAuditRecords"}},
	{"debrief.v1.AccessService", access.Admin, changes, []string{"CreateApiKey", "RevokeApiKey", "ForgetPerson"}},

	{"debrief.v1.ActionItemService", access.Viewer, reads, []string{"GetActionItem", "ListActionItems", "SuggestStrength"}},
	{"debrief.v1.ActionItemService", access.Responder, changes, []string{
		"CreateActionItem", "UpdateActionItem", "StartActionItem", "CompleteActionItem", "VerifyActionItem", "DropActionItem", "ReopenActionItem",
	}},
	{"debrief.v1.ActionItemService", access.Facilitator, changes, []string{"DeleteActionItem", "UndeleteActionItem"}},

	{"debrief.v1.AlertService", access.Viewer, reads, []string{"GetAlert", "ListAlerts", "ExplainAlert", "GetAlertQuality"}},
	{"debrief.v1.AlertService", access.Responder, changes, []string{"MarkAlert"}},

	{"debrief.v1.ClockService", access.Viewer, reads, []string{"ListClockPolicies", "GetCalendar"}},
	{"debrief.v1.EventService", access.Viewer, reads, []string{"ListEvents", "WatchEvents"}},

	{"debrief.v1.IncidentService", access.Viewer, reads, []string{"GetIncident", "ListIncidents"}},
	{"debrief.v1.IncidentService", access.Responder, changes, []string{
		"CreateIncident", "UpdateIncident", "AcknowledgeIncident", "MitigateIncident", "ResolveIncident", "ReopenIncident", "CancelIncident",
		"CloseIncident", "MergeIncident", "CorrectMilestone",
	}},
	{"debrief.v1.IncidentService", access.Facilitator, changes, []string{
		"DeleteIncident", "UndeleteIncident", "PauseIncidentClock", "ResumeIncidentClock", "WaiveIncidentClock",
	}},

	{"debrief.v1.IntakeService", access.Responder, reads, []string{"ListRejectedDeliveries", "GetRejectedDelivery", "ListDeliveries", "GetDelivery"}},
	{"debrief.v1.IntakeService", access.Admin, changes, []string{"ReplayDelivery"}},

	{"debrief.v1.IntegrationService", access.Responder, reads, []string{"GetIntegration", "ListIntegrations", "TestAlertRules"}},
	{"debrief.v1.IntegrationService", access.Admin, changes, []string{
		"CreateIntegration", "UpdateIntegration", "DeleteIntegration", "RotateIntegrationKey",
	}},

	{"debrief.v1.LanguageService", access.Viewer, reads, []string{"CheckLanguage", "ListLanguageRules"}},

	{"debrief.v1.MentalModelService", access.Viewer, reads, []string{
		"GetMentalModel", "ListMentalModels", "CompareMentalModel", "DrawMentalModel", "ListModelGaps", "SummarizeModelGaps",
	}},
	{"debrief.v1.MentalModelService", access.Responder, changes, []string{
		"CreateMentalModel", "UpdateMentalModel", "DeleteMentalModel", "AnnotateModelGap",
	}},

	{"debrief.v1.PostMortemService", access.Viewer, reads, []string{
		"GetPostMortem", "ListPostMortems", "GenerateAgenda", "GetInvitation", "SuggestQuestions", "GetPostMortemRevision",
		"ListPostMortemRevisions", "DiffRevisions", "ExportPostMortem", "GetPostMortemFeed",
	}},
	{"debrief.v1.PostMortemService", access.Responder, changes, []string{
		"CreatePostMortem", "UpdatePostMortem", "AnswerQuestion", "ImportPostMortem",
	}},
	{"debrief.v1.PostMortemService", access.Facilitator, changes, []string{
		"DeletePostMortem", "UndeletePostMortem", "SchedulePostMortem", "ReadGroundRules", "StartPostMortemReview", "RecordGroundRuleBreach",
		"ConcludePostMortemReview", "PublishPostMortem", "ArchivePostMortem",
	}},

	{"debrief.v1.PracticeService", access.Viewer, reads, []string{
		"GetGroundRuleSet", "ListGroundRuleSets", "GetPostMortemTemplate", "ListPostMortemTemplates",
	}},
	{"debrief.v1.PracticeService", access.Facilitator, changes, []string{
		"CreateGroundRuleSet", "UpdateGroundRuleSet", "DeleteGroundRuleSet",
		"CreatePostMortemTemplate", "UpdatePostMortemTemplate", "DeletePostMortemTemplate",
	}},

	{"debrief.v1.StatementService", access.Viewer, reads, []string{"GetStatement", "ListStatements"}},
	{"debrief.v1.StatementService", access.Responder, changes, []string{"CreateStatement", "DeleteStatement"}},

	{"debrief.v1.SubscriptionService", access.Admin, reads, []string{
		"GetSubscription", "ListSubscriptions", "ListEventDeliveries", "GetEventDelivery",
	}},
	{"debrief.v1.SubscriptionService", access.Admin, changes, []string{
		"CreateSubscription", "UpdateSubscription", "DeleteSubscription", "EnableSubscription", "RotateSubscriptionSecret", "TestSubscription",
		"ReplayEvents",
	}},

	{"debrief.v1.SystemService", access.Viewer, reads, []string{"GetSystem", "ListSystems", "GetSystemRevision", "ListSystemRevisions"}},
	{"debrief.v1.SystemService", access.Responder, changes, []string{"CreateSystem", "UpdateSystem", "ImportSystem"}},
	{"debrief.v1.SystemService", access.Facilitator, changes, []string{"DeleteSystem", "UndeleteSystem"}},

	{"debrief.v1.TimelineService", access.Viewer, reads, []string{"GetTimelineEntry", "ListTimelineEntries", "ListTimelineEntryRevisions"}},
	{"debrief.v1.TimelineService", access.Responder, changes, []string{
		"CreateTimelineEntry", "BatchCreateTimelineEntries", "UpdateTimelineEntry", "DeleteTimelineEntry",
	}},
})

const (
	reads   = false
	changes = true
)

// methods are those of a service that ask the same.
type methods struct {
	service string
	role    access.Role
	changes bool
	names   []string
}

// openServices are what load balancers and tools ask: they tell nothing that is anybody's.
var openServices = []methods{
	{service: "grpc.health.v1.Health", names: []string{"Check", "List", "Watch"}},
	{service: "grpc.reflection.v1.ServerReflection", names: []string{"ServerReflectionInfo"}},
	{service: "grpc.reflection.v1alpha.ServerReflection", names: []string{"ServerReflectionInfo"}},
}

func permissionTable(groups []methods) map[string]permission {
	table := map[string]permission{}
	for _, group := range groups {
		for _, name := range group.names {
			table["/"+group.service+"/"+name] = permission{role: group.role, changes: group.changes}
		}
	}
	for _, group := range openServices {
		for _, name := range group.names {
			table["/"+group.service+"/"+name] = permission{open: true}
		}
	}
	return table
}

// MetricsRole is the least that may read /metrics.
const MetricsRole = access.Viewer
