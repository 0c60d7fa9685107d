// SPDX-License-Identifier: Apache-2.0

// This file says how long a watch waits before it does again what did not help.

package apply

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// maxStreamBackoff is how long a stream that lost its server waits at most.
const maxStreamBackoff = 30 * time.Second

// backoff gives times that double, each with jitter.
type backoff struct {
	first, most time.Duration
	tries       int
}

func (b *backoff) reset() { b.tries = 0 }

// next returns a time between half of the current delay and all of it, and doubles the delay.
func (b *backoff) next() time.Duration {
	b.tries++
	return jitter(delayAfter(b.tries, b.first, b.most))
}

// delayAfter returns first, doubled with each try after the first one, and no more than most.
func delayAfter(tries int, first, most time.Duration) time.Duration {
	delay := first
	for range min(tries, 62) - 1 {
		if delay *= 2; delay >= most || delay <= 0 {
			return most
		}
	}
	return min(delay, most)
}

func jitter(delay time.Duration) time.Duration {
	if delay <= 1 {
		return delay
	}
	return delay/2 + rand.N(delay/2+1)
}

// fightFrom is the correction of one object, not long after the one before, from which on it is told to be a fight.
const fightFrom = 3

// fight counts the corrections of one object that follow each other.
type fight struct {
	corrections int
	last        time.Time
	// next is when it may be corrected again.
	next time.Time
}

// fights are those of all objects.
type fights struct {
	objects           map[inventory.Key]*fight
	first, most, calm time.Duration
}

// note records that objects were corrected at now. All that one run corrected are due again at one time, so that many
// fights do not make one run after the other.
func (f *fights) note(keys []inventory.Key, now time.Time) {
	spread := rand.Float64()
	for _, key := range keys {
		o := f.objects[key]
		if o == nil || now.Sub(o.last) > f.calm {
			o = &fight{}
			f.objects[key] = o
		}
		o.corrections++
		o.last = now
		delay := delayAfter(o.corrections, f.first, f.most)
		o.next = now.Add(delay/2 + time.Duration(spread*float64(delay/2)))
	}
	for key, o := range f.objects {
		if now.Sub(o.last) > f.calm {
			delete(f.objects, key)
		}
	}
}

// due returns from when on an object may be corrected; the zero time means at once.
func (f *fights) due(key inventory.Key) time.Time {
	if o := f.objects[key]; o != nil {
		return o.next
	}
	return time.Time{}
}

// is reports whether an object is fought over, and how often it was corrected.
func (f *fights) is(key inventory.Key, now time.Time) (int, bool) {
	o := f.objects[key]
	if o == nil || o.corrections < fightFrom || now.Sub(o.last) > f.calm {
		return 0, false
	}
	return o.corrections, true
}

// shortly says in words how long from now a time is.
func shortly(now, at time.Time) string {
	wait := at.Sub(now)
	switch {
	case wait <= 0:
		return "now"
	case wait < time.Second:
		return fmt.Sprintf("in %s", wait.Round(100*time.Millisecond))
	default:
		return fmt.Sprintf("in %s", wait.Round(time.Second))
	}
}
