package sqlite

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPositionSortsAsIDsDo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	alphabet := []byte("0129AHJKTVXYZILOUaz-_~ \x00\xff")
	ids := []string{"", "0", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", alertID(1), alertID(2)}
	for range 5000 {
		id := make([]byte, random.IntN(18))
		for i := range id {
			id[i] = alphabet[random.IntN(len(alphabet))]
		}
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		if position(ids[i-1]) > position(ids[i]) {
			t.Errorf("position(%q) = %d is behind position(%q) = %d", ids[i-1], position(ids[i-1]), ids[i], position(ids[i]))
		}
	}
	for _, id := range ids {
		if position(id) < 0 {
			t.Errorf("position(%q) = %d, want none below 0", id, position(id))
		}
	}
}

func TestPositionTellsIDsApart(t *testing.T) {
	seen := map[int64]int{}
	for n := range 10_000 {
		at := position(alertID(n))
		if other, ok := seen[at]; ok {
			t.Fatalf("ids %d and %d have the same position", other, n)
		}
		seen[at] = n
	}
	if want := int64(1_772_000_000_000)<<20 | 3; position(alertID(3)) != want {
		t.Errorf("position of an id with a time and a counter = %d, want %d", position(alertID(3)), want)
	}
}
