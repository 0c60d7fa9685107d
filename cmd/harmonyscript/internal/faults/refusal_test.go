// SPDX-License-Identifier: Apache-2.0

// This file has the cluster refuse single objects.

package faults

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
)

// quotaRefused asks, without writing, whether a quota may be made in the deployment's new namespace, and returns the refusal.
func (w *world) quotaRefused() string {
	w.t.Helper()
	status, answer := w.request(http.MethodPost, "/api/v1/namespaces/"+w.name+"-new/resourcequotas?dryRun=All", "application/yaml",
		"{apiVersion: v1, kind: ResourceQuota, metadata: {name: asked}, spec: {hard: {pods: '1'}}}")
	if status < 400 {
		return ""
	}
	return answer
}

// awaitQuotas waits until quotas are refused with these words; "" until they are not.
func (w *world) awaitQuotas(words string) {
	w.t.Helper()
	eventually(w.t, func() error {
		if got := w.quotaRefused(); !strings.Contains(got, words) || (got == "") != (words == "") {
			return fmt.Errorf("quotas are refused: got %q, want %q", got, words)
		}
		return nil
	})
}

// TestAdmissionPolicyRefuses has a ValidatingAdmissionPolicy refuse one object: its line is told with the policy's own words,
// and everything else is done.
func TestAdmissionPolicyRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(http.MethodPost, "/api/v1/namespaces?fieldManager=someone", fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s-new}}", w.name))
	const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
	w.must(http.MethodPost, policies, fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %[1]s}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s-new}}
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [resourcequotas]}]
  validations: [{expression: "false", message: quotas are the platform team's}]
`, w.name))
	w.must(http.MethodPost, policies[:strings.LastIndex(policies, "/")]+"/validatingadmissionpolicybindings", fmt.Sprintf(
		"{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: %[1]s}, spec: {policyName: %[1]s, validationActions: [Deny]}}", w.name))
	remove := func() {
		w.request(http.MethodDelete, policies[:strings.LastIndex(policies, "/")]+"/validatingadmissionpolicybindings/"+w.name, "", "")
		w.request(http.MethodDelete, policies+"/"+w.name, "", "")
	}
	t.Cleanup(remove)
	w.awaitQuotas("quotas are the platform team's")
	r := w.run(w.apply()...)
	w.mustEnd(r, 1, "ResourceQuota "+w.name+"-new/tenant: a policy of the cluster denied it [admission-denied]", "--> "+newTenant, "quotas are the platform team's", "fix: change the script so that it meets the policy",
		"created    RoleBinding "+w.name+"-new/tenant-admins", "created    ResourceQuota "+w.name+"-old/tenant", "1 failed", "failed in")
	remove()
	w.awaitQuotas("")
	w.mustBeAsUndisturbed()
}

// webhook is an admission webhook on loopback that has its say about quotas of one namespace.
type webhook struct {
	server *httptest.Server
	// answer is what it says: "deny", "fail" for an answer of 500, "allow".
	answer atomic.Value
	calls  atomic.Int64
}

func startWebhook(w *world) *webhook {
	w.t.Helper()
	hook := &webhook{}
	hook.answer.Store("allow")
	hook.server = httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		hook.calls.Add(1)
		var review struct {
			APIVersion string         `json:"apiVersion"`
			Kind       string         `json:"kind"`
			Request    map[string]any `json:"request,omitempty"`
			Response   map[string]any `json:"response,omitempty"`
		}
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(content, &review)
		}
		if err != nil || hook.answer.Load() == "fail" {
			http.Error(out, "the webhook is broken", http.StatusInternalServerError)
			return
		}
		review.Response = map[string]any{"uid": review.Request["uid"], "allowed": hook.answer.Load() == "allow"}
		if hook.answer.Load() == "deny" {
			review.Response["status"] = map[string]any{"message": "quotas need a ticket", "code": 403}
		}
		review.Request = nil
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(review)
	}))
	w.t.Cleanup(hook.server.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.server.Certificate().Raw}))
	const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
	w.must(http.MethodPost, path, fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %[1]s}
webhooks:
- name: quotas.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 30
  clientConfig: {url: "%[2]s/quotas", caBundle: %[3]s}
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s-new}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [resourcequotas]}]
`, w.name, hook.server.URL, authority))
	w.t.Cleanup(func() { w.request(http.MethodDelete, path+"/"+w.name, "", "") })
	return hook
}

// TestWebhookRefuses has an admission webhook refuse one object, and then be out of order.
func TestWebhookRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(http.MethodPost, "/api/v1/namespaces?fieldManager=someone", fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s-new}}", w.name))
	hook := startWebhook(w)
	hook.answer.Store("deny")
	w.awaitQuotas("quotas need a ticket")
	r := w.run(w.apply()...)
	w.mustEnd(r, 1, "ResourceQuota "+w.name+"-new/tenant: a policy of the cluster denied it [admission-denied]", "--> "+newTenant, "quotas need a ticket",
		"created    RoleBinding "+w.name+"-new/tenant-admins", "1 failed", "failed in")
	hook.answer.Store("fail")
	r = w.run(w.apply()...)
	w.mustEnd(r, 1, "[webhook-failed]", "--> "+newTenant, "quotas.example.com", "see that the webhook runs", "1 failed")
	if hook.calls.Load() < 2 {
		t.Errorf("the webhook was called %d times, want 2 or more", hook.calls.Load())
	}
	hook.answer.Store("allow")
	w.mustBeAsUndisturbed()
}

// TestImmutableField has an object of somebody else in the place of one of ours, with another value in a field that cannot be
// changed: it is told what to do, and the object is not made anew.
func TestImmutableField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(http.MethodPost, "/api/v1/namespaces?fieldManager=someone", fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s-new}}", w.name))
	path := "/apis/rbac.authorization.k8s.io/v1/namespaces/" + w.name + "-new/rolebindings"
	before := w.must(http.MethodPost, path+"?fieldManager=someone", "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: tenant-admins}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}")
	for _, more := range []string{"", "--take-ownership"} {
		command := w.apply()
		if more != "" {
			command = w.apply(more)
		}
		r := w.run(command...)
		if more == "" && strings.Contains(r.errors, "[field-conflict]") {
			// The owner is told first; taking its field over does not help either.
			continue
		}
		w.mustEnd(r, 1, "[field-immutable]", "--> "+newTenant, "roleRef", "harmonyscript never recreates it by itself", "1 failed")
	}
	if after := w.must(http.MethodGet, path+"/tenant-admins", ""); uidOf(t, after) != uidOf(t, before) || !strings.Contains(after, `"name":"view"`) {
		t.Errorf("it was made anew: got %s, want %s", after, before)
	}
	w.must(http.MethodDelete, path+"/tenant-admins", "")
	w.mustBeAsUndisturbed()
}

func uidOf(t *testing.T, object string) string {
	t.Helper()
	var o struct{ Metadata struct{ UID string } }
	if err := json.Unmarshal([]byte(object), &o); err != nil {
		t.Fatal(err)
	}
	return o.Metadata.UID
}

// admissionRefuses answers a write in the API server's place, as its admission plugins do that refuse it for a reason.
func admissionRefuses(reason string) faultproxy.Fault {
	return faultproxy.Answer(http.StatusForbidden, "application/json", func([]byte) string {
		return fmt.Sprintf(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden", "details": {"name": "tenant-deny-all", "kind": "networkpolicies"},
			"message": "networkpolicies.networking.k8s.io \"tenant-deny-all\" is forbidden: %s"}`, reason)
	})
}

// TestQuotaNotLookedAtYet has the API server refuse objects as it does while the controller of quotas has not looked at a new quota:
// they are sent again, and nothing is told. When the controller never does, that is told.
func TestQuotaNotLookedAtYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unknown := admissionRefuses("status unknown for quota: theirs, resources: count/networkpolicies.networking.k8s.io")
	policies := faultproxy.All(faultproxy.Writes, faultproxy.Of("networkpolicies"))
	w.proxy.On(policies, unknown)
	w.mustEnd(w.run(w.apply()...), 1, "[quota-unknown]", "--> "+newTenant, "status unknown for quota: theirs", "created    ResourceQuota "+w.name+"-new/tenant")
	w.proxy.Heal()
	var hits atomic.Int64
	w.proxy.On(faultproxy.First(5, policies), counted(&hits, unknown))
	r := w.run(w.apply()...)
	w.mustEnd(r, 0, "done in")
	if r.errors != "" || hits.Load() != 5 {
		t.Errorf("got %d refusals, want 5 and no word about them: %s", hits.Load(), r)
	}
	w.mustBeAsUndisturbed()
}

// TestKindsAppearHalfWay has the kinds of the operator come to be served in the middle of a run: what was found missing at its
// beginning is told, the next run makes it. Where only some of several API servers serve a kind yet, a write is sent again.
func TestKindsAppearHalfWay(t *testing.T) {
	t.Parallel()
	w := newPlatform(t)
	command := w.platformAt("v2", "--no-wait")
	group := faultproxy.Under("/apis/monitoring.coreos.com/v1")
	appeared := false
	w.proxy.On(faultproxy.First(1, faultproxy.All(faultproxy.Writes, faultproxy.Method("PATCH"))), faultproxy.Before(func() { appeared = true }))
	w.proxy.On(func(r *faultproxy.Request) bool { return !appeared && group(r) }, faultproxy.Page(404))
	r := w.run(command...)
	w.mustEnd(r, 1, "[kind-not-installed]", "install prometheus-operator", "--> platform.star:5:13", "created    Service", "failed in")
	w.proxy.Heal()
	var hits atomic.Int64
	w.proxy.On(faultproxy.First(2, faultproxy.All(faultproxy.Writes, faultproxy.Of("prometheuses"))), counted(&hits, faultproxy.Page(404)))
	w.mustEnd(w.run(command...), 0, "created    Prometheus "+w.name+"-old/monitoring")
	if hits.Load() != 2 {
		t.Errorf("got %d faults, want 2", hits.Load())
	}
	w.mustConverge(command...)
}
