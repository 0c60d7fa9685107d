// SPDX-License-Identifier: Apache-2.0

// This file has servers say all that they know: what they were sent, and every secret in every spelling, wherever words of
// theirs may reach a person.

package secrecy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// told are the secrets that a deployment sends, in the ways in which servers repeat what they were sent.
func told() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(secrets())) {
		value := strings.TrimSuffix(secrets()[name], "\n")
		if name == "cluster" || name == "UNREADABLE" || value == short {
			continue // the script does not read it, or nobody looks for it
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(value))
		all = append(
			all, value, encoded, base64.StdEncoding.EncodeToString([]byte("user:"+value)), strconv.Quote(value), strconv.QuoteToASCII(value), string(mustMarshal(value)),
			url.QueryEscape(value), fmt.Sprintf("%x", value), fmt.Sprintf("%d", []byte(value)), strings.ReplaceAll(value, "'", "''"), value[:len(value)*2/3]+"...",
			base64.StdEncoding.EncodeToString([]byte(encoded)), strings.ToUpper(fmt.Sprintf("%x", value)),
		)
	}
	return strings.Join(all, " | ")
}

func mustMarshal(value any) []byte {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return content
}

// refusal is an answer of the API server's kind, in which everything that is a text says everything.
func refusal(code int, reason metav1.StatusReason, lead string) faultproxy.Fault {
	return faultproxy.Answer(code, "application/json", func(request []byte) string {
		words := lead + told() + repeated(request)
		cause := func(kind metav1.CauseType) metav1.StatusCause {
			return metav1.StatusCause{Type: kind, Field: "data." + told(), Message: words}
		}
		return string(mustMarshal(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: words, //nolint:gosec // a status code
			Details: &metav1.StatusDetails{Name: "x", Kind: "secrets", Causes: []metav1.StatusCause{cause(metav1.CauseTypeFieldValueInvalid), cause(metav1.CauseTypeUnexpectedServerResponse)}},
		}))
	})
}

// repeated is what was sent, as it is and as base64.
func repeated(request []byte) string {
	return " " + string(request) + " " + base64.StdEncoding.EncodeToString(request) + " " + short
}

// conflict says that somebody owns a field; the names of both are secrets.
func conflict() faultproxy.Fault {
	return faultproxy.Answer(http.StatusConflict, "application/json", func([]byte) string {
		return string(mustMarshal(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusConflict, Reason: metav1.StatusReasonConflict, Message: told(),
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict, Field: ".data." + told(), Message: fmt.Sprintf("conflict with %q using v1", told())}}},
		}))
	})
}

// talkers are the ways in which a server, or what stands in front of it, says too much.
func talkers() map[string]faultproxy.Fault {
	text := func(code int, contentType string) faultproxy.Fault {
		return faultproxy.Answer(code, contentType, func(request []byte) string { return told() + repeated(request) })
	}
	return map[string]faultproxy.Fault{
		"forbidden": refusal(http.StatusForbidden, metav1.StatusReasonForbidden, "is forbidden: "),
		"webhook":   refusal(http.StatusBadRequest, metav1.StatusReasonBadRequest, "admission webhook \"x\" denied the request: "),
		"quota":     refusal(http.StatusForbidden, metav1.StatusReasonForbidden, "is forbidden: exceeded quota: "),
		"broken":    refusal(http.StatusInternalServerError, metav1.StatusReasonInternalError, "failed calling webhook: "),
		"invalid":   refusal(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "is invalid: "),
		"immutable": refusal(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "field is immutable: "),
		"schema":    refusal(http.StatusInternalServerError, "", "failed to create typed patch object: "),
		"odd":       refusal(http.StatusTeapot, metav1.StatusReasonUnknown, ""),
		"conflict":  conflict(),
		"page":      text(http.StatusInternalServerError, "text/html"),
		"no JSON":   text(http.StatusOK, "application/json"),
		"cut JSON":  faultproxy.Answer(http.StatusOK, "application/json", func(request []byte) string { return `{"kind": "` + told() + string(request) }),
		"too large": text(http.StatusRequestEntityTooLarge, "text/plain"),
		"with a warning": faultproxy.Change(func(header http.Header, body []byte) []byte {
			header.Set("Warning", "299 - "+strconv.QuoteToASCII("it has "+secrets()["WORD"]+" and "+secrets()["HOOK_URL"]))
			return body
		}),
	}
}

// echo repeats what it was sent and knows nothing else.
func echo() faultproxy.Fault {
	return faultproxy.Answer(http.StatusBadRequest, "application/json", func(request []byte) string {
		return string(mustMarshal(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: http.StatusBadRequest, Reason: metav1.StatusReasonBadRequest,
			Message: "admission webhook \"x\" denied the request:" + repeated(request),
		}))
	})
}

// TestTalkativeServers has plan and apply meet every talker, at Secrets and at other objects.
func TestTalkativeServers(t *testing.T) {
	t.Parallel()
	records := faultproxy.Under("/api/v1/namespaces/" + inventory.DefaultNamespace)
	not := func(c faultproxy.Choice) faultproxy.Choice {
		return func(r *faultproxy.Request) bool { return !c(r) }
	}
	namespace := func(r *faultproxy.Request) bool {
		return strings.Count(r.URL.Path, "/") == 4 && faultproxy.Of("namespaces")(r)
	}
	lock := faultproxy.Of("leases")
	secret, trial := faultproxy.Of("secrets"), func(r *faultproxy.Request) bool { return r.URL.Query().Get("dryRun") != "" }
	all := slices.Sorted(maps.Keys(talkers()))
	for _, c := range []struct {
		version, name, verb string
		place               faultproxy.Choice
		talkers             []string
	}{
		{"V2_CRD", "Secrets", "apply", faultproxy.All(faultproxy.Writes, secret, not(records)), all},
		{"V2_CRD", "other objects", "apply", faultproxy.All(faultproxy.Writes, not(secret), not(records), not(namespace), not(lock)), all},
		{"V2_CRD", "the lock", "apply", faultproxy.All(faultproxy.Writes, lock), []string{"webhook", "invalid", "page"}},
		{"V3_RHOB", "trials", "plan", trial, all},
		{"V1_HELM", "a release", "apply", faultproxy.All(faultproxy.Writes, faultproxy.Of("prometheuses")), []string{"webhook", "invalid", "page", "cut JSON"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "secrets.star", secretsScript).onCluster(kubeconfig(t))
			w.defaults(c.version)
			proxy := faultproxy.Start(t, w.kubeconfig, faultproxy.Options{})
			direct, through := w.kubeconfig, proxy.Kubeconfig(nil)
			if c.name != "Secrets" && c.name != "other objects" {
				w.mustRun(0, []string{"apply", "--no-wait", "secrets.star"})
			}
			for n, talker := range c.talkers {
				var hits atomic.Int64
				proxy.Heal()
				proxy.On(c.place, func(x *faultproxy.Exchange) {
					hits.Add(1)
					talkers()[talker](x)
				})
				w.kubeconfig = through
				arguments := []string{c.verb, "--output", []string{"text", "json"}[n%2], "--set", fmt.Sprintf("retention=%dd", 11+n), "secrets.star"}
				if c.verb == "apply" {
					arguments = append(arguments, "--no-wait")
				}
				r := w.run(arguments...)
				w.kubeconfig = direct
				if c.name == "Secrets" && strings.Contains(r.out+r.errors, short) {
					t.Errorf("%s: a short secret was told: %s", talker, r)
				}
				if hits.Load() == 0 || r.code == 0 && talker != "with a warning" {
					t.Errorf("%s: got %d requests to answer and exit code %d, want a run that fails: %s", talker, hits.Load(), r.code, r)
				}
			}
			w.run("status", "--all", "--output", "json", "--name", w.name)
			w.run("status", "--all", "--name", w.name)
			w.run("history", "--output", "json", "--name", w.name)
			w.searchCluster(c.version)
			w.run("destroy", "--name", w.name)
			w.searchFiles()
		})
	}
}

// TestRepeatedRequests has the server repeat each kind of request alone, whatever verb sends it.
func TestRepeatedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript).onCluster(kubeconfig(t))
	w.defaults("V2_CRD")
	proxy := faultproxy.Start(t, w.kubeconfig, faultproxy.Options{})
	direct, through := w.kubeconfig, proxy.Kubeconfig(nil)
	try := func(place faultproxy.Choice, arguments ...string) {
		t.Helper()
		proxy.Heal()
		proxy.On(place, echo())
		w.kubeconfig = through
		r := w.run(arguments...)
		w.kubeconfig = direct
		w.keyIsSecret(r)
	}
	record := faultproxy.All(faultproxy.Writes, faultproxy.Of("secrets"), faultproxy.Under("/api/v1/namespaces/"+inventory.DefaultNamespace))
	lock := faultproxy.All(faultproxy.Writes, faultproxy.Of("leases"))
	try(record, "apply", "--no-wait", "secrets.star")
	w.mustRun(0, []string{"apply", "--no-wait", "secrets.star"})
	for _, place := range []faultproxy.Choice{record, faultproxy.After(1, record), lock, faultproxy.After(1, lock), faultproxy.Reviews} {
		try(place, "apply", "--no-wait", "--set", "retention=12d", "secrets.star")
		try(place, "destroy", "--name", w.name+"-none")
	}
	for _, place := range []faultproxy.Choice{record, lock, faultproxy.Method(http.MethodDelete)} {
		try(place, "destroy", "--name", w.name)
	}
	w.run("destroy", "--name", w.name)
	w.searchFiles()
}

// keyIsSecret wants the key of the inventory's hashes not to be in what a run said.
func (w *world) keyIsSecret(r result) {
	w.t.Helper()
	status, answer := w.request(http.MethodGet, "/api/v1/namespaces/"+inventory.DefaultNamespace+"/secrets/"+w.name, "", "")
	if status == http.StatusNotFound {
		// A first run that was not let store it has made one all the same: nothing of the kind of a record may be told.
		if strings.Contains(r.out+r.errors, `"key":`) {
			w.t.Errorf("the record was told: %s", r)
		}
		return
	}
	var parent struct{ Data map[string]string }
	if err := json.Unmarshal(answer, &parent); err != nil {
		w.t.Fatal(err)
	}
	for name, value := range parent.Data {
		if strings.Contains(r.out+r.errors, strings.TrimRight(value, "=")) {
			w.t.Errorf("%s of the inventory was told: %s", name, r)
		}
	}
}
