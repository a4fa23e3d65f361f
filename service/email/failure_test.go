package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// TestWhatTheServerDidNotSayIsTold holds what operators are told against what the library says where there was no answer.
func TestWhatTheServerDidNotSayIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"no such host":   {&net.DNSError{IsNotFound: true}, "name of the mail server can't be found"},
		"no name server": {&net.DNSError{IsTimeout: true}, "did not answer in time"},
		"too late":       {fmt.Errorf("dial failed: %w", context.DeadlineExceeded), "did not answer in time"},
		"no STARTTLS":    {errors.New(`STARTTLS mode set to: "TLSMandatory", but target host does not support STARTTLS`), "does not offer TLS"},
		"no login":       {errors.New("server does not support SMTP AUTH"), "does not let us log in"},
		"anything else":  {errors.New("connection refused"), "can't be reached"},
	} {
		if got := failure(test.err); !strings.Contains(got.Message, test.want) || got.Permanent || !errors.Is(got, test.err) {
			t.Errorf("%s: %q, want %q", name, got.Message, test.want)
		}
	}
}
