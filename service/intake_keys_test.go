package service

import (
	"net/url"
	"strings"
	"testing"
)

func TestKeysAreCutOutOfURLs(t *testing.T) {
	t.Parallel()
	key := keyPrefix + strings.Repeat("a", keyDigits)
	for _, test := range []struct{ sent, left, key string }{
		{"/intake/gcp/" + key, "/intake/gcp", key},
		{"/intake/gcp/" + key + "/", "/intake/gcp/", key},
		{"/intake/opsgenie/" + key + "/v2/alerts/disk%2Ffull/close?identifierType=alias", "/intake/opsgenie/v2/alerts/disk%2Ffull/close?identifierType=alias", key},
		{"/intake/gcp?a=1&key=" + key, "/intake/gcp?a=1", key},
		{"/intake/gcp/dbk_cut-short", "/intake/gcp", "dbk_cut-short"},
		{"/intake/gcp/%64bk_x?team=a", "/intake/gcp?team=a", "dbk_x"},
		{"/intake/generic?b=2&key=dbk_x&a=1", "/intake/generic?b=2&a=1", "dbk_x"},
		{"/intake/generic?k=%64%62k_x", "/intake/generic", "dbk_x"},
		{"/intake/generic?%0=%64bk_x&b=2", "/intake/generic?b=2", "dbk_x"},
		{"/intake/generic?dbk_x", "/intake/generic", "dbk_x"},
		{"/intake/generic?a;key=dbk_x", "/intake/generic", "dbk_x"},
		{"/intake/generic?a=%zz&key=dbk_x", "/intake/generic?a=%zz", "dbk_x"},
		{"/intake/gcp/disk%2Ffull?b=2&a=1", "/intake/gcp/disk%2Ffull?b=2&a=1", ""},
	} {
		address, err := url.Parse(test.sent)
		if err != nil {
			t.Fatal(err)
		}
		left, got := CutURLKey(address)
		if left.String() != test.left || got != test.key {
			t.Errorf("%s: %s and the key %q, want %s and %q", test.sent, left, got, test.left, test.key)
		}
	}
}
