package intake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// OpsgenieQuestion is what a sender asks with GET: how far a request has come, or how it stands with an alert. One of the two
// is set.
type OpsgenieQuestion struct {
	// Request is the id of a request.
	Request string
	// Identifier names an alert, as in the path of what closes it.
	Identifier string
}

// ReadOpsgenieQuestion reads the path of a GET. It is false where that asks for something else.
func ReadOpsgenieQuestion(path []string) (OpsgenieQuestion, bool) {
	switch {
	case len(path) < 3 || !slices.Equal(path[:2], []string{"v2", "alerts"}) || strings.TrimSpace(path[2]) == "":
		return OpsgenieQuestion{}, false
	case len(path) == 3:
		return OpsgenieQuestion{Identifier: strings.TrimSpace(path[2])}, true
	case len(path) == 4 && path[2] == "requests":
		return OpsgenieQuestion{Request: path[3]}, true
	default:
		return OpsgenieQuestion{}, false
	}
}

// OpsgenieRequest is how far a request has come, as GET /v2/alerts/requests/{id} tells it.
type OpsgenieRequest struct {
	// Success is whether it was done; Action and Status say what in the words of Opsgenie: "Create", "Created alert".
	Success       bool      `json:"success"`
	IsSuccess     bool      `json:"isSuccess"`
	Action        string    `json:"action"`
	Status        string    `json:"status"`
	ProcessedAt   time.Time `json:"processedAt"`
	IntegrationID string    `json:"integrationId"`
	AlertID       string    `json:"alertId"`
	Alias         string    `json:"alias"`
}

// OpsgenieProcessed is the answer to who asks after a request that was worked off. The request is one that Parse took.
func OpsgenieProcessed(request Request, integration string, processed time.Time) Answer {
	action, err := readOpsgenieAction(request)
	if err != nil {
		return OpsgenieNotProcessed(request.ID)
	}
	done := map[Status]string{Firing: "Created alert", Acknowledged: "Acknowledged alert", Resolved: "Closed alert"}
	if action.status == Firing {
		message := &opsgenieMessage{}
		if decode(request.Body, message) != nil {
			return OpsgenieNotProcessed(request.ID)
		}
		action.alias = opsgenieAlias(message, request.ID)
	}
	return opsgenieReply(http.StatusOK, opsgenieAnswer{RequestID: request.ID, Data: OpsgenieRequest{
		Success: true, IsSuccess: true, Action: action.name, Status: done[action.status],
		ProcessedAt: processed.UTC(), IntegrationID: integration, AlertID: action.alias, Alias: action.alias,
	}})
}

// OpsgenieNotProcessed is the answer to who asks after a request that is not worked off yet, or that nobody knows. By its header
// Opsgenie's own clients know that they are to ask again.
func OpsgenieNotProcessed(id string) Answer {
	answer := opsgenieReply(http.StatusNotFound, opsgenieAnswer{
		Message: "Request not found. It might not be processed, yet.", RequestID: id,
	})
	answer.Header.Set("X-Opsgenie-Errortype", "RequestNotProcessed")
	return answer
}

// OpsgenieAlert is an alert as GET /v2/alerts/{id} tells it.
type OpsgenieAlert struct {
	ID             string            `json:"id"`
	TinyID         string            `json:"tinyId"`
	Alias          string            `json:"alias"`
	Message        string            `json:"message"`
	Description    string            `json:"description,omitempty"`
	Status         string            `json:"status"`
	Acknowledged   bool              `json:"acknowledged"`
	Count          int64             `json:"count"`
	CreatedAt      time.Time         `json:"createdAt"`
	UpdatedAt      time.Time         `json:"updatedAt"`
	LastOccurredAt time.Time         `json:"lastOccurredAt"`
	Source         string            `json:"source,omitempty"`
	Entity         string            `json:"entity,omitempty"`
	Priority       string            `json:"priority,omitempty"`
	Tags           []string          `json:"tags"`
	Details        map[string]string `json:"details"`
}

// OpsgenieOccurrence is what the store knows of an alert beyond what was sent.
type OpsgenieOccurrence struct {
	// Count is how often it was told of.
	Count int64
	// Created, Updated and LastOccurred are when it was, first, changed, and told of last.
	Created, Updated, LastOccurred time.Time
}

// OpsgenieFound is the answer to who asks for an alert by its alias; request is the id of the question.
func OpsgenieFound(request, alias string, alert *Alert, occurrence OpsgenieOccurrence) Answer {
	status := "open"
	if alert.Status == Resolved {
		status = "closed"
	}
	tags := []string{}
	if joined := alert.Labels["tags"]; joined != "" {
		tags = strings.Split(joined, ",")
	}
	found := map[string]string{}
	maps.Copy(found, alert.Annotations)
	return opsgenieReply(http.StatusOK, opsgenieAnswer{RequestID: request, Data: OpsgenieAlert{
		ID: alias, TinyID: alias, Alias: alias, Message: alert.Title, Description: alert.Summary,
		Status: status, Acknowledged: alert.Status == Acknowledged, Count: occurrence.Count,
		CreatedAt: occurrence.Created.UTC(), UpdatedAt: occurrence.Updated.UTC(), LastOccurredAt: occurrence.LastOccurred.UTC(),
		Source: alert.Labels["source"], Entity: alert.Labels["entity"], Priority: strings.ToUpper(alert.Severity),
		Tags: tags, Details: found,
	}})
}

// OpsgenieNotFound is the answer to who asks for an alert that nobody knows; request is the id of the question.
func OpsgenieNotFound(request string) Answer {
	return opsgenieReply(http.StatusNotFound, opsgenieAnswer{
		Message: "Alert not found. What created it might not be processed, yet.", RequestID: request,
	})
}
