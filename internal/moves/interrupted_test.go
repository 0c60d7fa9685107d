// SPDX-License-Identifier: Apache-2.0

// This file kills processes in the middle of moves.

package moves

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// childVariable makes the test program carry out one order and nothing else.
const childVariable = "HARMONYSCRIPT_TEST_MOVES_CHILD"

// order is what a child process is to do.
type order struct {
	Kubeconfig string
	Tenant     string
	Version    score.APIVersion
	// DieAfter is the number of the write after which the process kills itself; the answer is on its way then.
	DieAfter int
}

// child carries out an order. It returns 0 when it came to its end alive.
func child() int {
	var o order
	err := json.Unmarshal([]byte(os.Getenv(childVariable)), &o)
	if err == nil {
		err = o.carryOut(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (o order) carryOut(ctx context.Context) error {
	var writes atomic.Int32
	e, err := newEngine(ctx, o.Kubeconfig, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			answer, err := next.RoundTrip(r)
			if r.Method != http.MethodGet && int(writes.Add(1)) == o.DieAfter {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
			return answer, err
		})
	})
	if err != nil {
		return err
	}
	request, err := e.request(ctx, o.Tenant, o.Version)
	if err != nil {
		return err
	}
	outcome, err := apply.Run(ctx, request)
	if err == nil && outcome.State != apply.Done {
		err = fmt.Errorf("got %s, want done: %s", outcome.State, describe(outcome))
	}
	return err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// killed moves the tenant in a process of its own, which dies after a number of writes. It reports whether it died: a number
// beyond the last write lets it come to its end.
func (x *tenant) killed(to score.APIVersion, dieAfter int) bool {
	x.t.Helper()
	encoded, err := json.Marshal(order{Kubeconfig: shared.Get(x.t).Kubeconfig, Tenant: x.name, Version: to, DieAfter: dieAfter})
	if err != nil {
		x.t.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+string(encoded))
	output, err := command.CombinedOutput()
	if err == nil {
		return false
	}
	if command.ProcessState.ExitCode() >= 0 {
		x.t.Fatalf("%s: child after %d writes: %v\n%s", x.name, dieAfter, err, output)
	}
	return true
}

// everyWrite makes TestKilledInMove kill after every write instead of every seventh, which takes several times as long.
const everyWrite = "HARMONYSCRIPT_TEST_EVERY_WRITE"

// pair is a parallel move whose process is killed at one point after the other.
type pair struct {
	from, to score.APIVersion
	// next is the write after which the process is killed next, turn counts the points.
	next, turn int
	// ended tells that a process came to its end alive, which means that there is no write as far on.
	ended  bool
	points int
}

// pairs hands out points of all pairs in turn, so that those who work at the same time work on different pairs.
type pairs struct {
	sync.Mutex
	all   []*pair
	given int
	step  int
}

// point is one write of one pair to be killed after.
type point struct {
	*pair
	after int
	// back tells to change the script back afterwards.
	back bool
}

// take returns the next point, false when there is none.
func (p *pairs) take() (point, bool) {
	p.Lock()
	defer p.Unlock()
	for range p.all {
		here := p.all[p.given%len(p.all)]
		p.given++
		if !here.ended {
			found := point{here, here.next, here.turn%2 == 1}
			here.next += p.step
			here.turn++
			return found, true
		}
	}
	return point{}, false
}

// done takes note of whether the process was killed.
func (p *pairs) done(at point, killed bool) {
	p.Lock()
	defer p.Unlock()
	if killed {
		at.points++
	} else {
		at.ended = true
	}
}

// TestKilledInMove kills the process of a parallel move after its writes. Every second time the script is changed back
// afterwards, the other times the same move is tried again. Either way it must come to its end, leave nothing behind, and
// there must have been no moment in which nobody held the receivers. (Package apply does the same to moves in place.)
func TestKilledInMove(t *testing.T) {
	t.Parallel()
	shared.Get(t)
	work := &pairs{step: 7}
	if os.Getenv(everyWrite) != "" {
		work.step = 1
	}
	for n, ends := range [][2]score.APIVersion{{score.V2CRD, score.V3RHOB}, {score.V3RHOB, score.V2CRD}, {score.V1Helm, score.V3RHOB}, {score.V3RHOB, score.V1Helm}} {
		// Each pair of versions begins elsewhere, so that together they see every write.
		work.all = append(work.all, &pair{from: ends[0], to: ends[1], next: 1 + n%work.step})
	}
	t.Run("points", func(t *testing.T) {
		// Several tenants share the work: most of the time is spent waiting for controllers.
		for worker := range len(work.all) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				x := newTenant(t, fmt.Sprintf("killed-%d", worker))
				for at, more := work.take(); more; at, more = work.take() {
					x.run(at.from)
					proof := prove(t, x.client, x.name, at.from, "on-call", "tickets")
					killed := x.killed(at.to, at.after)
					work.done(at, killed)
					next := at.to
					if at.back && killed {
						next = at.from
						proof.turnBack(at.to)
					}
					x.run(next)
					proof.end(at.from, next)
					if problem := x.settle(firstDeployment(t, next), "PersistentVolumeClaim"); problem != "" {
						t.Fatalf("%s to %s, killed after write %d, then %s:\n%s", at.from, at.to, at.after, next, problem)
					}
				}
				x.destroy()
			})
		}
	})
	for _, p := range work.all {
		t.Logf("%s to %s: killed at %d points", p.from, p.to, p.points)
		if p.points < 3 {
			t.Errorf("%s to %s: got %d points to kill at, want 3 or more", p.from, p.to, p.points)
		}
	}
}
