// SPDX-License-Identifier: Apache-2.0

// This file has others work on a release with Helm itself.

package helm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// gate holds requests until it is opened.
type gate struct {
	next            http.RoundTripper
	hold            func(*http.Request) bool
	once            sync.Once
	reached, opened chan struct{}
}

func newGate(hold func(*http.Request) bool) *gate {
	return &gate{hold: hold, reached: make(chan struct{}), opened: make(chan struct{})}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.hold(r) {
		g.once.Do(func() { close(g.reached) })
		<-g.opened
	}
	return g.next.RoundTrip(r)
}

// behind returns the configuration of a place with a round tripper in front of it.
func (p *place) behind(wrap func(http.RoundTripper) http.RoundTripper) *rest.Config {
	config := rest.CopyConfig(p.config)
	config.Wrap(wrap)
	return config
}

// others is somebody's helm command, which stops before it writes the first object of the release.
type others struct {
	*gate
	p     *place
	ended chan error
}

// begin has others begin an operation, and returns when it has stopped in the middle.
func (p *place) begin(verb string) *others {
	p.t.Helper()
	o := &others{gate: newGate(func(r *http.Request) bool { return r.Method != http.MethodGet }), p: p, ended: make(chan error, 1)}
	connection, err := newConnection(p.behind(func(next http.RoundTripper) http.RoundTripper { o.next = next; return o.gate }))
	if err != nil {
		p.t.Fatal(err)
	}
	client := kube.New(&getter{connection: connection, ctx: context.Background(), namespace: p.namespace})
	client.Namespace = p.namespace
	from := p.rendered(extra("text", "theirs")).source.(*origin)
	configuration := &action.Configuration{
		KubeClient: client, Releases: storage.Init(driver.NewSecrets(p.typed.CoreV1().Secrets(p.namespace))), Capabilities: from.capabilities,
		Log: func(string, ...any) {},
	}
	go func() {
		var err error
		switch verb {
		case "install":
			install := action.NewInstall(configuration)
			install.ReleaseName, install.Namespace, install.SkipCRDs = "stack", p.namespace, true
			_, err = install.Run(from.chart.fresh(), copyMap(from.values))
		case "upgrade":
			upgrade := action.NewUpgrade(configuration)
			upgrade.Namespace, upgrade.SkipCRDs = p.namespace, true
			_, err = upgrade.Run("stack", from.chart.fresh(), copyMap(from.values))
		case "rollback":
			err = action.NewRollback(configuration).Run("stack")
		default:
			_, err = action.NewUninstall(configuration).Run("stack")
		}
		o.ended <- err
	}()
	select {
	case <-o.reached:
	case err := <-o.ended:
		p.t.Fatalf("%s ended before it wrote anything: %v", verb, err)
	}
	return o
}

// end lets the operation come to its end.
func (o *others) end() {
	o.p.t.Helper()
	close(o.opened)
	if err := <-o.ended; err != nil {
		o.p.t.Fatal(err)
	}
}

// written returns what tells whether anything of the release was written.
func (p *place) written() string {
	p.t.Helper()
	var found []string
	secrets, err := p.typed.CoreV1().Secrets(p.namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range secrets.Items {
		found = append(found, s.Name+" "+s.ResourceVersion)
	}
	for _, name := range []string{"stack-config", "stack-second"} {
		found = append(found, name+" "+p.field("ConfigMap", name, "metadata", "resourceVersion"))
	}
	return strings.Join(found, ", ")
}

// refused wants an error that says that others are at work.
func (p *place) refused(what string, err error, verb string) {
	p.t.Helper()
	var busy *BusyError
	if !errors.As(err, &busy) || busy.Operation.Name != verb || !strings.Contains(err.Error(), "Helm release "+p.namespace+"/stack: others began a") {
		p.t.Fatalf("%s: got %v, want it refused because others are at work", what, err)
	}
}

// TestOthersAtWork stops each operation of Helm's own in the middle. Until it ends, nothing is written.
func TestOthersAtWork(t *testing.T) {
	for _, test := range []struct {
		verb string
		// before is what the release was left like.
		before func(*place)
	}{
		{"install", nil},
		{"upgrade", func(p *place) { p.deploy(extra("text", "one")) }},
		{"rollback", func(p *place) {
			p.deploy(extra("text", "one"))
			p.deploy(extra("text", "two"))
		}},
		{"uninstall", func(p *place) { p.deploy(extra("text", "one")) }},
		// What was ours is theirs as soon as they write it.
		{"uninstall", func(p *place) {
			p.deploy(extra("text", "one"))
			p.record(p.rendered(extra("text", "one")), 2, helmrelease.StatusUninstalling)
			if o := p.state().Operation; o == nil || o.Others || o.Busy() {
				p.t.Errorf("got %+v, want a killed one of ours", o)
			}
		}},
	} {
		t.Run(test.verb, func(t *testing.T) {
			p := newPlace(t, strings.NewReplacer("/", "-", "#", "-").Replace(strings.ToLower(t.Name())))
			if test.before != nil {
				test.before(p)
			}
			theirs := p.begin(test.verb)
			if o := p.state().Operation; o == nil || !o.Busy() || o.Name != test.verb || o.Began.IsZero() || o.Heard.Before(o.Began) {
				t.Errorf("got %+v, want %s of others", o, test.verb)
			}
			before := p.written()
			_, err := p.manager.Apply(context.Background(), p.rendered(extra("text", "ours")), p.options())
			p.refused("apply", err, test.verb)
			p.refused("uninstall", p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}), test.verb)
			p.want("what was written", p.written(), before)
			theirs.end()
			if state := p.state(); state != nil && (state.Operation != nil || state.Status != Deployed) {
				t.Errorf("got %s, %+v after the end", state.Status, state.Operation)
			}
			p.deploy(extra("text", "ours"))
			p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "ours")
		})
	}
}

// TestOthersDied leaves an operation of others in the middle for good, and lets the time pass after which it is taken to be dead.
func TestOthersDied(t *testing.T) {
	for _, verb := range []string{"upgrade", "uninstall"} {
		t.Run(verb, func(t *testing.T) {
			p := newPlace(t, "died-"+verb)
			p.deploy(extra("text", "one"))
			p.begin(verb)
			passed := BusyFor - time.Minute
			var err error
			if p.manager, err = NewManager(p.config, func() time.Time { return time.Now().Add(passed) }); err != nil {
				t.Fatal(err)
			}
			_, err = p.manager.Apply(context.Background(), p.rendered(extra("text", "ours")), p.options())
			p.refused("apply after "+passed.String(), err, verb)
			var busy *BusyError
			if errors.As(err, &busy); !strings.Contains(busy.Diagnostic().Detail, "that was 4 minutes ago: ") {
				t.Errorf("got %q", busy.Diagnostic().Detail)
			}
			passed = BusyFor + time.Second
			if o := p.state().Operation; o == nil || o.Busy() || !o.Others {
				t.Fatalf("got %+v, want one of others that is dead", o)
			}
			if verb == "uninstall" {
				if err := p.manager.Uninstall(context.Background(), p.namespace, "stack", UninstallOptions{}); err != nil {
					t.Fatal(err)
				}
				p.exists("ConfigMap", "stack-config", false)
				return
			}
			p.deploy(extra("text", "ours"))
			p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "ours")
		})
	}
}

// TestOthersWereFirst has others begin after the release was looked at, and before Helm is asked: it refuses then, and nothing
// of theirs is taken back.
func TestOthersWereFirst(t *testing.T) {
	for _, verb := range []string{"install", "upgrade"} {
		t.Run(verb, func(t *testing.T) {
			p := newPlace(t, "first-"+verb)
			if verb == "upgrade" {
				p.deploy(extra("text", "one"))
			}
			var theirs *others
			config := p.behind(func(next http.RoundTripper) http.RoundTripper {
				return after(next, func(r *http.Request) bool {
					return r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "labelSelector")
				}, func() { theirs = p.begin(verb) })
			})
			manager, err := NewManager(config, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = manager.Apply(context.Background(), p.rendered(extra("text", "ours")), p.options())
			p.refused("apply", err, verb)
			p.want("status", string(p.state().Status), "pending-"+verb)
			theirs.end()
			p.want("status", string(p.state().Status), "deployed")
			p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "theirs")
		})
	}
}

// TestOthersRollBack has others roll back an upgrade of ours that goes on: when it fails, what they do is left to them.
func TestOthersRollBack(t *testing.T) {
	p := newPlace(t, "rolled-by-others")
	p.deploy(extra("text", "one"))
	var theirs *others
	config := p.behind(func(next http.RoundTripper) http.RoundTripper {
		return after(next, func(r *http.Request) bool { return r.Method == http.MethodPatch }, func() { theirs = p.begin("rollback") })
	})
	manager, err := NewManager(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = manager.Apply(context.Background(), p.rendered(extra("text", "ours", "port", 99999)), p.options())
	var failed *FailedError
	if !errors.As(err, &failed) || !strings.Contains(failed.After, "it was not rolled back: others began a rollback at ") {
		t.Fatalf("got %v", err)
	}
	p.want("state", words(p.state().Revision, p.state().Status), "3 pending-rollback")
	theirs.end()
	p.want("state", words(p.state().Revision, p.state().Status), "3 deployed")
	p.want("text", p.field("ConfigMap", "stack-config", "data", "text"), "one")
}

// after calls do once, when the first request that is picked was answered.
func after(next http.RoundTripper, pick func(*http.Request) bool, do func()) http.RoundTripper {
	var once sync.Once
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if pick(r) {
			once.Do(do)
		}
		return answer, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOperation(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	at := func(status Status, owner string, ours bool, heard time.Duration) revision {
		return revision{status: status, owner: owner, ours: ours, stored: began, heard: began.Add(heard)}
	}
	for name, test := range map[string]struct {
		last  revision
		now   time.Duration
		owner string
		// busy are the words of the diagnostic of one that may be at work.
		busy []string
	}{
		"ended":                        {at("deployed", "us", false, 0), 0, "us", nil},
		"failed":                       {at("failed", "us", false, 0), 0, "us", nil},
		"ours":                         {at("pending-upgrade", "us", true, 0), 0, "us", nil},
		"ours, nobody asks":            {at("uninstalling", "us", true, 0), 0, "", nil},
		"another deployment's":         {at("pending-install", "them", true, 0), 0, "us", []string{"others began an install at 2026-03-01T10:00:00Z, ", "less than a minute ago", "helm uninstall stack --namespace shop"}},
		"others'":                      {at("pending-upgrade", "us", false, 0), 90 * time.Second, "us", []string{"others began an upgrade at 2026-03-01T10:00:00Z, ", "that was a minute ago: ", "run it after 2026-03-01T10:05:00Z", "helm rollback stack --namespace shop"}},
		"others', long ago":            {at("pending-upgrade", "us", false, 0), BusyFor, "us", nil},
		"others', with a sign of life": {at("pending-rollback", "us", false, 4*time.Minute), 6 * time.Minute, "us", []string{"others began a rollback at ", "that was 6 minutes ago, and it was heard of 2 minutes ago: ", "run it after 2026-03-01T10:09:00Z"}},
		"others uninstall":             {at("uninstalling", "us", false, time.Minute), 2 * time.Minute, "us", []string{"others began an uninstall at 2026-03-01T10:01:00Z", "that was a minute ago: "}},
	} {
		o := operationOf(test.last, began.Add(test.now), test.owner)
		if o.Busy() != (test.busy != nil) || (o == nil) != slices.Contains([]Status{Deployed, "failed"}, test.last.status) {
			t.Errorf("%s: got %+v", name, o)
			continue
		}
		if !o.Busy() {
			continue
		}
		d := (&BusyError{Namespace: "shop", Name: "stack", Operation: *o}).Diagnostic()
		if text := fmt.Sprint(d.Code, " ", d.Summary, " ", d.Detail, " ", d.Fix); !strings.HasPrefix(text, "release-busy Helm release shop/stack: ") || slices.ContainsFunc(test.busy, func(word string) bool { return !strings.Contains(text, word) }) {
			t.Errorf("%s: got %q, want %q", name, text, test.busy)
		}
	}
}

func TestLastWriter(t *testing.T) {
	t.Parallel()
	made := metav1.NewTime(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	entry := func(manager, fields string, after time.Duration) metav1.ManagedFieldsEntry {
		at := metav1.NewTime(made.Add(after))
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	for name, test := range map[string]struct {
		entries []metav1.ManagedFieldsEntry
		want    string
	}{
		"not known":            {nil, " 0s"},
		"one":                  {[]metav1.ManagedFieldsEntry{entry("a", `{"f:data":{".":{},"f:release":{}}}`, time.Minute)}, "a 1m0s"},
		"a label of another's": {[]metav1.ManagedFieldsEntry{entry("a", `{"f:data":{".":{},"f:release":{}}}`, 0), entry("b", `{"f:metadata":{"f:labels":{"f:x":{}}}}`, time.Minute)}, "a 0s"},
		"what is left of one":  {[]metav1.ManagedFieldsEntry{entry("a", `{"f:data":{}}`, 0), entry("b", `{"f:data":{"f:release":{}}}`, time.Minute)}, "b 1m0s"},
		"damaged":              {[]metav1.ManagedFieldsEntry{entry("a", `x`, time.Minute)}, " 0s"},
	} {
		manager, at := lastWriter(&metav1.ObjectMeta{CreationTimestamp: made, ManagedFields: test.entries})
		if got := manager + " " + at.Sub(made.Time).String(); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
