package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	// OK says that nothing is to be done.
	OK Verdict = "OK"
	// Warn says that something is to be looked at, before it becomes worse.
	Warn Verdict = "WARN"
	// Fail says that something does not work, or will not when the server is started.
	Fail Verdict = "FAIL"
)

// Check is something that was looked at.
type Check struct {
	// Name is what was looked at.
	Name string `json:"name"`
	// Verdict is what came of it.
	Verdict Verdict `json:"verdict"`
	// Message says what was found.
	Message string `json:"message"`
	// Advice says what to do; empty where there is nothing.
	Advice string `json:"advice,omitempty"`
}

// reachTimeout bounds how long one of those others is waited for on whom Debrief depends.
const reachTimeout = 10 * time.Second

// examiner looks at one thing after the other.
type examiner struct {
	config Config
	now    func() time.Time
	checks []Check
}

// Examine looks at everything that a server with these settings depends on: the settings, the addresses, certificates, the issuer, the
// mail server, the store and what is in it. It changes nothing, sends nothing and tells no secrets; a server may run meanwhile.
// problems are what is known to be wrong with the settings already.
func Examine(ctx context.Context, config Config, now func() time.Time, problems ...error) []Check {
	e := &examiner{config: config, now: now}
	e.examineSettings(problems)
	e.examineAddresses(ctx)
	e.examineCertificates()
	e.examineIssuer(ctx)
	e.examineEmail(ctx)
	e.examineStore(ctx)
	return e.checks
}

func (e *examiner) ok(name, format string, arguments ...any) {
	e.checks = append(e.checks, Check{Name: name, Verdict: OK, Message: fmt.Sprintf(format, arguments...)})
}

func (e *examiner) warn(name, advice, format string, arguments ...any) {
	e.checks = append(e.checks, Check{Name: name, Verdict: Warn, Message: fmt.Sprintf(format, arguments...), Advice: advice})
}

func (e *examiner) fail(name, advice, format string, arguments ...any) {
	e.checks = append(e.checks, Check{Name: name, Verdict: Fail, Message: fmt.Sprintf(format, arguments...), Advice: advice})
}

// refuse tells of settings with which a server does not start: of each line of an error, where several were joined.
func (e *examiner) refuse(name string, err error) {
	for problem := range strings.SplitSeq(err.Error(), "\n") {
		e.fail(name, startAdvice, "%s", problem)
	}
}

const startAdvice = "a server does not start like this"

func (e *examiner) examineSettings(problems []error) {
	if err := e.config.fill(); err != nil {
		problems = append(problems, err)
	}
	if err := e.config.check(); err != nil {
		problems = append(problems, err)
	}
	for _, problem := range problems {
		e.refuse("settings", problem)
	}
	if len(problems) == 0 {
		e.ok("settings", "they make sense")
	}
}

// examineCertificates looks at what the server would show.
func (e *examiner) examineCertificates() {
	if err := errors.Join(e.config.prepareTLS(), e.config.prepareClientRoles()); err != nil {
		e.refuse("certificate", err)
		return
	}
	if e.config.certificates == nil {
		return
	}
	leaf := e.config.certificates.current.Load().pair.Leaf
	until := leaf.NotAfter.UTC().Format(time.RFC3339)
	if expiresSoon(leaf, e.now()) {
		e.warn("certificate", "renew it: a server that runs takes the new files by itself", "it expires soon, at %s", until)
		return
	}
	e.ok("certificate", "it belongs to its key, and is valid until %s", until)
}

// examineIssuer asks who issues tokens for what it publishes.
func (e *examiner) examineIssuer(ctx context.Context) {
	if err := e.config.prepareOIDC(); err != nil {
		e.refuse("issuer", err)
		return
	}
	issuer, given := e.config.tokens.(interface{ Reach(context.Context) error })
	if !given {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if err := issuer.Reach(ctx); err != nil {
		e.fail("issuer", "nobody with a token of it is let in until it answers: look at --oidc-issuer, and at the way there",
			"%s: %v", e.config.OIDC.Issuer, err)
		return
	}
	e.ok("issuer", "%s publishes its keys", e.config.OIDC.Issuer)
}

// examineEmail greets the mail server.
func (e *examiner) examineEmail(ctx context.Context) {
	if err := e.config.prepareEmail(); err != nil {
		e.refuse("e-mail", err)
		return
	}
	if e.config.email.Mailer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if err := e.config.email.Mailer.Reach(ctx); err != nil {
		e.fail("e-mail", "nothing is sent until it does: look at --smtp-server, and at the way there", "%v", err)
		return
	}
	e.ok("e-mail", "the mail server lets us in")
}
