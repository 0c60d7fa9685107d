// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

func TestDelayAfter(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := delayAfter(tries, time.Second, 5*time.Minute); got != want {
			t.Errorf("after %d tries: got %s, want %s", tries, got, want)
		}
	}
	if got := delayAfter(100, time.Hour, 1<<62); got != 1<<62 {
		t.Errorf("got %s, want no overflow", got)
	}
}

func TestFights(t *testing.T) {
	f := fights{objects: map[inventory.Key]*fight{}, first: time.Second, most: 5 * time.Minute, calm: 10 * time.Minute}
	a, b := inventory.Key{Name: "a"}, inventory.Key{Name: "b"}
	now := time.Unix(0, 0)
	if !f.due(a).IsZero() {
		t.Error("what was never corrected is corrected at once")
	}
	for n := range 12 {
		f.note([]inventory.Key{a, b}, now)
		delay := delayAfter(n+1, time.Second, 5*time.Minute)
		if due := f.due(a).Sub(now); due < delay/2 || due > delay {
			t.Errorf("correction %d: due after %s, want between %s and %s", n+1, due, delay/2, delay)
		}
		if !f.due(a).Equal(f.due(b)) {
			t.Error("what one run corrected is due at one time")
		}
		if corrections, fought := f.is(a, now); fought != (n+1 >= fightFrom) || fought && corrections != n+1 {
			t.Errorf("correction %d: got %d, %v", n+1, corrections, fought)
		}
		now = f.due(a)
	}
	// After a while of peace it counts anew, and is forgotten.
	now = now.Add(11 * time.Minute)
	if _, fought := f.is(a, now); fought {
		t.Error("a fight of long ago is none")
	}
	f.note([]inventory.Key{a}, now)
	if due := f.due(a).Sub(now); due > time.Second || len(f.objects) != 1 {
		t.Errorf("got %s with %d objects, want a new beginning", due, len(f.objects))
	}
}

func TestJitter(t *testing.T) {
	for range 1000 {
		if got := jitter(time.Second); got < time.Second/2 || got > time.Second {
			t.Fatalf("got %s", got)
		}
	}
	if jitter(0) != 0 || jitter(1) != 1 {
		t.Error("there is no time to spread")
	}
}

func TestIsLater(t *testing.T) {
	for _, c := range []struct {
		version, than string
		want          bool
	}{{"10", "9", true}, {"9", "10", false}, {"9", "9", false}, {"x", "9", true}, {"x", "x", false}} {
		if got := isLater(c.version, c.than); got != c.want {
			t.Errorf("%s, %s: got %v", c.version, c.than, got)
		}
	}
}
