// SPDX-License-Identifier: Apache-2.0

// This file kills the program after the requests of moves from one version of the monitoring API to another.

package faults

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/snapshot"
)

// platform is a tenant with a stack. Its namespace exists before.
const platform = `name = param("name", default = "platform")
version = {"v1": V1_HELM, "v2": V2_CRD, "v3": V3_RHOB}[param("version", default = "v1")]
deploy(tenant_monitoring(
    tenant = name + "-old",
    stack = monitoring_stack(
        api_version = version,
        retention = param("retention", default = "10d"),
        alert_channels = [webhook(name = "tickets", url = secret(env = "TICKETS_URL"))],
        scrape_targets = [pod_monitor(name = "web", match_labels = {"app": "web"}, port = "http")],
        alert_rules = [alert_rule_group(name = "web", rules = [alert_rule(alert = "WebDown", expr = "up == 0", for_ = "5m")])],
    ),
), name = name)
`

// newPlatform makes the surroundings of a deployment of platform.star.
func newPlatform(t testing.TB) *world {
	t.Helper()
	return newPlatformAt(t, faultproxy.Options{})
}

func newPlatformAt(t testing.TB, o faultproxy.Options) *world {
	t.Helper()
	w := newWorldAt(t, o, "platform.star", platform)
	w.environment = []string{"HARMONYSCRIPT_HELM_CHART=" + chartFolder()}
	return w
}

// platformAt is the command line that deploys platform.star in a version of the monitoring API, or moves it there.
func (w *world) platformAt(version string, more ...string) []string {
	return append([]string{"apply", "--set", "name=" + w.name, "--set", "version=" + version, "--overlap", "0s", "platform.star"}, more...)
}

// chartFolder is the chart that stands for the official one, which tests cannot download.
func chartFolder() string {
	path, err := filepath.Abs("../../../../testdata/charts/kube-prometheus-stack")
	if err != nil {
		panic(err)
	}
	return path
}

const (
	// everyNth is how many requests lie between two kills of a move, unless all are asked for.
	everyNth = 7
	// tourists is how many deployments are moved around side by side.
	tourists = 3
	// leastRequests is how many requests a move has at least.
	leastRequests = 40
)

// moveTo is the command line of a move that waits for what it has to and no longer.
func (w *world) moveTo(version string) []string { return w.platformAt(version, "--no-wait") }

// circuit goes from each version to each other one once, and ends where it begins.
func circuit() []string { return []string{"v1", "v2", "v3", "v1", "v3", "v2", "v1"} }

// move is a change of version.
type move struct {
	from, to string
	// requests is how many an undisturbed one sent.
	requests int
	// next is the request after which the process is killed next.
	next int
	// ended tells that a process came to its end alive, which means that there is no request as far on.
	ended         bool
	points, reads int
}

// tour hands out what is to be killed. Where one move ends another one begins, so that no deployment has to be made for it.
type tour struct {
	sync.Mutex
	moves []*move
	step  int
	// want is what an undisturbed move to a version leaves.
	want map[string]snapshot.Snapshot
}

// take returns the next move from a version, and the request after which it is to be killed: 0 means that it is to be let through,
// because all that is left begins elsewhere. Nil means that nothing is left.
func (r *tour) take(from string) (m *move, after int) {
	r.Lock()
	defer r.Unlock()
	for _, other := range r.moves {
		if other.from == from && !other.ended && (m == nil || other.next < m.next) {
			m = other
		}
	}
	if m != nil {
		after = m.next
		m.next += r.step
		return m, after
	}
	for _, other := range r.moves {
		if other.ended {
			continue
		}
		for _, way := range r.moves {
			if way.from == from && way.to == other.from {
				return way, 0
			}
		}
	}
	return nil, 0
}

// note takes down how a kill went.
func (r *tour) note(m *move, died, writing bool) {
	r.Lock()
	defer r.Unlock()
	switch {
	case !died:
		m.ended = true
	case writing:
		m.points++
	default:
		m.points++
		m.reads++
	}
}

// TestKilledInEachMove does to moves between all versions what TestKilledAfterEachRequest does to other runs: kills the program
// as soon as a request of its has been carried out, and has the next run finish the move. Deployments go on from where a
// move has brought them. A request that is killed after belongs to one move; with HARMONYSCRIPT_TEST_EVERY_WRITE none is left out.
func TestKilledInEachMove(t *testing.T) {
	t.Parallel()
	kubeconfig(t)
	r := &tour{step: everyNth, want: map[string]snapshot.Snapshot{}}
	if os.Getenv(everyVariable) != "" {
		r.step = 1
	}
	begun := time.Now()
	guide := newPlatform(t)
	guide.mustEnd(guide.run(guide.moveTo("v1")...), 0)
	for n, to := range circuit()[1:] {
		from := circuit()[n]
		guide.proxy.Heal()
		guide.mustEnd(guide.run(guide.moveTo(to)...), 0)
		requests := guide.proxy.Count(faultproxy.Any)
		if requests < leastRequests {
			t.Fatalf("%s to %s: got %d requests, want %d or more", from, to, requests, leastRequests)
		}
		if n := guide.proxy.Count(faultproxy.Watches); n > 0 {
			t.Errorf("%s to %s: got %d watches, want none", from, to, n)
		}
		if r.want[to] == nil {
			r.want[to] = guide.snapshot()
		}
		guide.mustBecome(from+" to "+to, r.want[to])
		// Each move begins elsewhere, so that together they are killed everywhere even if some are left out.
		r.moves = append(r.moves, &move{from: from, to: to, requests: requests, next: 1 + n*r.step/(len(circuit())-1)})
	}
	var workers sync.WaitGroup
	for range tourists {
		workers.Go(func() {
			w := newPlatform(t)
			at := circuit()[0]
			w.mustEnd(w.run(w.moveTo(at)...), 0)
			for m, after := r.take(at); m != nil && !t.Failed(); m, after = r.take(at) {
				if after == 0 {
					w.proxy.Heal()
					w.mustEnd(w.run(w.moveTo(m.to)...), 0)
				} else {
					died, writing := w.killed(w.moveTo(m.to), after, r.want[m.to])
					r.note(m, died, writing)
				}
				at = m.to
			}
			w.noteMarked()
		})
	}
	workers.Wait()
	checkEveryKind(t, guide)
	points := 0
	for _, m := range r.moves {
		t.Logf("%s to %s: killed at %d points, %d of them reads; an undisturbed move sends %d requests", m.from, m.to, m.points, m.reads, m.requests)
		if least := leastRequests / r.step; m.points < least {
			t.Errorf("%s to %s: killed at %d points, want %d or more", m.from, m.to, m.points, least)
		}
		points += m.points
	}
	t.Logf("killed at %d points in %s", points, time.Since(begun).Round(time.Second))
}
