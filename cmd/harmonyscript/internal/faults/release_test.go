// SPDX-License-Identifier: Apache-2.0

// This file loses answers to what Helm writes.

package faults

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
)

// releaseNotKnown is what the user is told of a release that Helm may or may not have carried out.
const releaseNotKnown = "whether it was carried out is not known; the next run looks"

// revision picks writes of a release's revision, where it is stored already.
func revision(r *faultproxy.Request) bool {
	return faultproxy.Writes(r) && strings.Contains(r.URL.Path, "/secrets/sh.helm.release.")
}

// TestReleaseNotKnownWhetherDone loses the answers to writes of Helm for good, in a first install, an upgrade and a removal: people and
// programs learn whether it is known what became of the release, and the next run goes on from what there is.
func TestReleaseNotKnownWhetherDone(t *testing.T) {
	t.Parallel()
	prometheus := faultproxy.All(faultproxy.Writes, faultproxy.Of("prometheuses"))
	for _, c := range []struct {
		name  string
		begin func(*faultproxy.Proxy)
		// texts are what the user reads.
		texts []string
		// certain is the verb with which Helm can take back what it did.
		certain string
		// told tells that the user reads what is known of the release by itself.
		told bool
		// only is the verb that it makes sense for; "" means all.
		only string
	}{
		{
			name:  "the server goes away",
			begin: func(p *faultproxy.Proxy) { p.On(faultproxy.First(1, prometheus), faultproxy.Then(p.Down)) },
			texts: []string{"connection lost", "cluster-unreachable", "run the same command again when the API server answers"},
		},
		{
			name:  "answers are halved",
			begin: func(p *faultproxy.Proxy) { p.On(prometheus, faultproxy.Halve) },
			texts: []string{"its answer cannot be read", "answer-unreadable"},
			// What is deleted and asked for again is not found, which is an answer.
			only: "apply", certain: "install",
		},
		{
			name:  "500 for writes that were carried out",
			begin: func(p *faultproxy.Proxy) { p.On(prometheus, faultproxy.LateStatus(http.StatusInternalServerError)) },
			texts: []string{"run the same command again", "release-failed"},
			only:  "apply",
		},
		{
			name:  "500",
			begin: func(p *faultproxy.Proxy) { p.On(prometheus, faultproxy.Status(http.StatusInternalServerError, "")) },
			texts: []string{"run the same command again", "release-failed"},
			only:  "destroy",
		},
		{
			name: "answers are lost, and it is taken back",
			begin: func(p *faultproxy.Proxy) {
				p.On(faultproxy.All(prometheus, faultproxy.Method(http.MethodPatch)), faultproxy.LoseAnswer)
			},
			texts: []string{"connection lost", "what it made was removed again"}, certain: "install",
			only: "install",
		},
		{
			name: "the end is not stored",
			begin: func(p *faultproxy.Proxy) {
				p.On(faultproxy.All(revision, faultproxy.Method(http.MethodPut)), faultproxy.Reset)
			},
			texts: []string{"that it was carried out could not be stored: Secret ", "connection lost", "its objects are as they are to be"},
			only:  "apply", told: true,
		},
	} {
		for _, verb := range []string{"install", "upgrade", "destroy"} {
			if c.only != "" && c.only != verb && (c.only != "apply" || verb == "destroy") {
				continue
			}
			t.Run(verb+", "+c.name, func(t *testing.T) {
				t.Parallel()
				for _, output := range []string{"text", "json"} {
					w := newPlatform(t)
					command := w.beforeRelease(verb)
					c.begin(w.proxy)
					r := w.run(append(command, "--unreachable-timeout", "3s", "--output", output)...)
					w.mustEnd(r, 1, c.texts...)
					for _, never := range []string{"fieldManager=", "Patch \"", "Put \""} {
						if strings.Contains(r.out+r.errors, never) {
							t.Errorf("got %q in the output: %s", never, r)
						}
					}
					if told := strings.Contains(r.out+r.errors, releaseNotKnown); told == (verb == c.certain || c.told) {
						t.Errorf("told that it is not known what became of the release: %t, want %t: %s", told, verb != c.certain && !c.told, r)
					}
					if output == "json" {
						w.mustTellRelease(r, verb, verb != c.certain)
					}
					if strings.HasPrefix(c.name, "the server goes away") {
						w.proxy.Up()
					}
					w.mustGoOnWithRelease(verb)
				}
			})
		}
	}
}

// hookTemplate adds a hook to the chart.
const hookTemplate = `apiVersion: v1
kind: LimitRange
metadata:
  name: hook
  annotations:
    helm.sh/hook: pre-install,pre-upgrade,pre-delete
spec:
  limits: [{type: Pod, max: {cpu: "64"}}]
`

// TestHookNotKnownWhetherDone loses the server while Helm makes a hook, or removes what is left of the one before: that says as much
// as the loss of an answer about any other object of the release.
func TestHookNotKnownWhetherDone(t *testing.T) {
	t.Parallel()
	chart := t.TempDir()
	if err := os.CopyFS(chart, os.DirFS(chartFolder())); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(chart, "templates", "hook.yaml"), []byte(hookTemplate), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"install", "upgrade", "destroy"} {
		for what, method := range map[string]string{"made": http.MethodPost, "removed": http.MethodDelete} {
			t.Run(verb+", "+what, func(t *testing.T) {
				t.Parallel()
				w := newPlatform(t)
				w.environment = []string{"HARMONYSCRIPT_HELM_CHART=" + chart}
				command := w.beforeRelease(verb)
				w.proxy.On(faultproxy.First(1, faultproxy.All(faultproxy.Method(method), faultproxy.Of("limitranges"))), faultproxy.Then(w.proxy.Down))
				r := w.run(append(command, "--unreachable-timeout", "3s", "--output", "json")...)
				w.mustEnd(r, 1, "connection lost", "cluster-unreachable", "run the same command again when the API server answers", releaseNotKnown)
				w.mustTellRelease(r, verb, true)
				if address := "/limitranges"; strings.Contains(r.out+r.errors, address) {
					t.Errorf("got %q in the output: %s", address, r)
				}
				w.proxy.Up()
				w.mustGoOnWithRelease(verb)
			})
		}
	}
}

// changedRelease is the apply that installs the platform's release, or upgrades one that beforeRelease made.
func (w *world) changedRelease() []string {
	return w.platformAt("v1", "--no-wait", "--set", "retention=20d")
}

// beforeRelease makes what has to be there before a release can go through verb, which is "install", "upgrade" or "destroy", and
// returns the command that does that.
func (w *world) beforeRelease(verb string) (command []string) {
	w.t.Helper()
	if verb != "install" {
		w.mustEnd(w.run(w.platformAt("v1", "--no-wait")...), 0)
	}
	if verb == "destroy" {
		return []string{"destroy", "--name", w.name}
	}
	return w.changedRelease()
}

// mustGoOnWithRelease heals the proxy, and wants the command that failed to come to its end, and the one that makes the release to
// find its way from there.
func (w *world) mustGoOnWithRelease(verb string) {
	w.t.Helper()
	w.proxy.Heal()
	if verb == "destroy" {
		w.mustEnd(w.run("destroy", "--name", w.name), 0)
		if left := w.inventory(); left.Exists() && len(left.Releases) > 0 {
			w.t.Errorf("left on record: %+v", left.Releases)
		}
	}
	w.mustConverge(w.changedRelease()...)
}

// mustTellRelease wants the events and the outcome to say of the release and its objects whether it is known what became of them.
func (w *world) mustTellRelease(r result, verb string, uncertain bool) {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	var outcome apply.Outcome
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &outcome); err != nil {
		w.t.Fatalf("%v: %s", err, r)
	}
	if len(outcome.Releases) != 1 || outcome.Releases[0].Status != apply.ObjectFailed || outcome.Releases[0].Uncertain != uncertain {
		w.t.Errorf("got %+v, want it failed, uncertain=%t", outcome.Releases, uncertain)
	}
	events, objects := 0, 0
	for _, line := range lines[:len(lines)-1] {
		var e apply.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatalf("%v: %s", err, line)
		}
		if e.Type == apply.ReleaseSettled && e.Uncertain == uncertain {
			events++
		}
	}
	word := "applied"
	if verb == "destroy" {
		word = "deleted"
	}
	for _, result := range outcome.Results {
		if result.Release == "" {
			continue
		}
		objects++
		if result.Status != apply.ObjectFailed || result.Uncertain != uncertain || uncertain != strings.Contains(result.Reason, strings.ReplaceAll(notKnown, "applied", word)) {
			w.t.Errorf("%s: got %s, uncertain=%t, %q; want uncertain=%t", result.ID, result.Status, result.Uncertain, result.Reason, uncertain)
		}
	}
	if events != 1 || objects != 4 {
		w.t.Errorf("got %d events of the release and %d objects of it, want 1 and 4: %s", events, objects, r)
	}
}
