package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/debriefhq/debrief/service/intake"
)

func TestSeverityMapping(t *testing.T) {
	for _, test := range []struct{ label, pairs, labels, want string }{
		{"severity", "", "severity=critical", "SEV2"},
		{"severity", "", "severity=page", "SEV2"},
		{"severity", "", "severity=error", "SEV3"},
		{"severity", "", "severity=Warning", "SEV4"},
		{"severity", "", "severity=info", "SEV5"},
		{"severity", "", "severity=none", "SEV5"},
		{"severity", "", "severity=SEV1", "SEV1"},
		{"severity", "", "severity=sev5", "SEV5"},
		{"severity", "", "severity=P1", "SEV1"},
		{"severity", "", "severity=p3", "SEV3"},
		{"severity", "", "severity=purple", ""},
		{"severity", "", "priority=critical", ""},
		{"priority", "", "priority=critical severity=info", "SEV2"},
		{"severity", "critical=SEV1", "severity=critical", "SEV1"},
		{"severity", "critical=SEV1", "severity=warning", "SEV4"},
		{"severity", " Purple = sev3 ,info=unspecified", "severity=purple", "SEV3"},
		{"severity", "purple=SEV3,info=UNSPECIFIED", "severity=info", ""},
	} {
		t.Run(test.label+" "+test.pairs+" "+test.labels, func(t *testing.T) {
			mapping, err := intake.ParseSeverityMapping(test.label, test.pairs)
			if err != nil {
				t.Fatal(err)
			}
			if got := mapping.Severity(pairs(test.labels)); got != test.want {
				t.Errorf("Severity = %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseSeverityMappingRefuses(t *testing.T) {
	for _, test := range []struct{ label, pairs, want string }{
		{"", "", `the severity label "" must be a label's name`},
		{"two words", "", `the severity label "two words" must be a label's name`},
		{"severity", "critical", `the severity mapping has "critical"; it must be value=severity, such as critical=SEV1`},
		{"severity", "critical=SEV1,", `the severity mapping has ""; it must be`},
		{"severity", "=SEV1", `the severity mapping has "=SEV1"; it must be`},
		{"severity", "critical=SEV0", `the severity mapping leads "critical" to "SEV0"; it must be SEV1, SEV2, SEV3, SEV4, SEV5 or UNSPECIFIED`},
		{"severity", "a=SEV1,A=SEV2", `the severity mapping names "a" twice; name it once`},
	} {
		t.Run(test.label+" "+test.pairs, func(t *testing.T) {
			_, err := intake.ParseSeverityMapping(test.label, test.pairs)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %s…", err, test.want)
			}
		})
	}
}

func TestSeverityMappingIsReadAsItIsWritten(t *testing.T) {
	want, err := intake.ParseSeverityMapping("severity", "purple=SEV3,info=UNSPECIFIED")
	if err != nil {
		t.Fatal(err)
	}
	got, err := intake.ParseSeverityMapping("severity", want.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parsed again (-want +got):\n%s", diff)
	}
}
