// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func serveTLS(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.URL
}

func TestExplain(t *testing.T) {
	maps := schema.GroupResource{Resource: "podtemplates"}
	status := func(code int32, reason metav1.StatusReason, message string, causes ...metav1.StatusCause) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
			Details: &metav1.StatusDetails{Kind: "podtemplates", Name: "a", Causes: causes},
		}}
	}
	for _, c := range []struct {
		name string
		err  error
		code string
		text string
	}{
		{"forbidden", apierrors.NewForbidden(maps, "a", fmt.Errorf(`User "jane" cannot patch resource "podtemplates" in API group "" in the namespace "ns"`)), "forbidden", "can-i patch podtemplates --namespace ns"},
		{"quota", apierrors.NewForbidden(maps, "a", fmt.Errorf("exceeded quota: q, requested: podtemplates=1, used: podtemplates=2, limited: podtemplates=2")), "quota-exceeded", "limited: podtemplates=2"},
		{"quota wants limits", apierrors.NewForbidden(maps, "a", fmt.Errorf("failed quota: q: must specify limits.cpu")), "quota-exceeded", "limits.cpu"},
		{"quota is new", apierrors.NewForbidden(maps, "a", fmt.Errorf("status unknown for quota: q, resources: count/podtemplates")), "quota-unknown", "says: status unknown for quota: q"},
		{"caches not filled", apierrors.NewForbidden(maps, "a", fmt.Errorf("not yet ready to handle request")), "server-busy", "has restarted"},
		{"terminating", status(403, metav1.StatusReasonForbidden, "unable to create new content", metav1.StatusCause{Type: corev1.NamespaceTerminatingCause}), "namespace-terminating", "namespace/ns"},
		{"webhook", status(400, "", `admission webhook "policy.example.com" denied the request: no`), "admission-denied", "policy"},
		{"policy", status(422, metav1.StatusReasonInvalid, `podtemplates "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`), "admission-denied", "denied request: no"},
		{"pod security", status(403, metav1.StatusReasonForbidden, `violates PodSecurity "restricted:latest": x`), "admission-denied", "restricted"},
		{"admission plugin", status(403, metav1.StatusReasonForbidden, `podtemplates "a" is forbidden: some plugin says no`), "admission-denied", "some plugin"},
		{"escalation", status(403, metav1.StatusReasonForbidden, `user "jane" is attempting to grant RBAC permissions not currently held: x`), "forbidden", "grant"},
		{"invalid", status(422, metav1.StatusReasonInvalid, "bad", metav1.StatusCause{Type: "FieldValueInvalid", Field: "spec.replicas", Message: "must be positive"}), "object-invalid", "spec.replicas"},
		{"immutable", status(422, metav1.StatusReasonInvalid, "bad", metav1.StatusCause{Field: "spec.selector", Message: "field is immutable"}), "field-immutable", "never recreates"},
		{"unknown field", status(400, metav1.StatusReasonBadRequest, `strict decoding error: unknown field "spec.keepFiringFor"`), "object-invalid", "upgrade"},
		{"schema", status(500, "", `failed to create typed patch object (ns/a; /v1, Kind=PodTemplate): .dada: field not declared in schema`), "object-invalid", "upgrade"},
		{"conflict", status(409, metav1.StatusReasonConflict, "Apply failed", metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: ".data.k", Message: `conflict with "kubectl-edit" using v1`}), "field-conflict", "kubectl-edit owns .data.k"},
		{"changed", status(409, metav1.StatusReasonConflict, "the object has been modified"), "object-changed", "again"},
		{"too large", status(413, metav1.StatusReasonRequestEntityTooLarge, "limit is 3145728"), "request-too-large", "split"},
		{"timeout", status(504, metav1.StatusReasonTimeout, "timed out"), "request-timeout", "again"},
		{"busy", status(429, metav1.StatusReasonTooManyRequests, "slow down"), "server-busy", "later"},
		{"other", status(500, metav1.StatusReasonInternalError, "etcd is on fire"), "server-error", "etcd is on fire"},
		{"namespace missing", &apierrors.StatusError{ErrStatus: metav1.Status{Code: 404, Reason: metav1.StatusReasonNotFound, Message: `namespaces "ns" not found`, Details: &metav1.StatusDetails{Kind: "namespaces", Name: "ns"}}}, "namespace-missing", "create namespace ns"},
		{"kind missing", &KindMissingError{Kind: schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus"}}, "kind-not-installed", "install prometheus-operator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Explain(fmt.Errorf("wrapped: %w", c.err), Subject{Verb: "patch", ID: podTemplateID, Provider: "prometheus-operator"})
			if d.Code != c.code || !strings.Contains(d.Summary+"\n"+d.Detail+"\n"+d.Fix, c.text) || !strings.HasPrefix(d.Summary, "PodTemplate ns/a: ") || d.Severity != diag.Error {
				t.Fatalf("got %+v, want %s with %q", d, c.code, c.text)
			}
		})
	}
}

func TestExplainConflictOverADefinition(t *testing.T) {
	conflict := &apierrors.StatusError{ErrStatus: metav1.Status{Code: 409, Reason: metav1.StatusReasonConflict, Details: &metav1.StatusDetails{
		Causes: []metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.versions", Message: `conflict with "helm" using apiextensions.k8s.io/v1`}},
	}}}
	d := Explain(conflict, Subject{Verb: "patch", ID: backend.ID{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition", Name: "probes.monitoring.coreos.com"}})
	want := `take them with --take-ownership=CustomResourceDefinition.apiextensions.k8s.io/probes.monitoring.coreos.com, or leave the definitions to their owner with helm_values = {"crds": {"enabled": False}}`
	if d.Fix != want {
		t.Errorf("got %q\nwant %q", d.Fix, want)
	}
}

func TestExplainKeepsConfidentialValuesOut(t *testing.T) {
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: "ns", Name: "s"}
	for _, err := range []error{
		&apierrors.StatusError{ErrStatus: metav1.Status{
			Code: 422, Reason: metav1.StatusReasonInvalid, Message: `Secret "s" is invalid: data[k]: Invalid value: "hunter2"`,
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: "FieldValueInvalid", Field: "data[k]", Message: `Invalid value: "hunter2"`}}},
		}},
		&apierrors.StatusError{ErrStatus: metav1.Status{Code: 400, Reason: metav1.StatusReasonBadRequest, Message: `illegal base64 "hunter2"`}},
		&apierrors.StatusError{ErrStatus: metav1.Status{Code: 400, Message: `admission webhook "p" denied the request: hunter2`, Details: &metav1.StatusDetails{}}},
		&apierrors.StatusError{ErrStatus: metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: `exceeded quota hunter2`}},
	} {
		d := Explain(err, Subject{Verb: "patch", ID: id, Confidential: true})
		if text := d.Render(nil, diag.Style{}); strings.Contains(text, "hunter2") {
			t.Errorf("the value was told:\n%s", text)
		}
	}
}

func TestConflicts(t *testing.T) {
	cause := func(field, message string) metav1.StatusCause {
		return metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: field, Message: message}
	}
	err := &apierrors.StatusError{ErrStatus: metav1.Status{Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{
		cause(".b", `conflict with "helm" using apps/v1`), cause(".a", `conflict with "helm" using apps/v1 at 2026-01-01T00:00:00Z`),
		cause(".c", `conflict with "a \"quoted\" one" with subresource "scale" using v1`), cause(".d", "something new"), cause(".a", `conflict with "helm" using v1`),
	}}}}
	got := fmt.Sprint(Conflicts(err))
	if want := `[{a "quoted" one [.c]} {another manager [.d]} {helm [.a .b]}]`; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if Conflicts(fmt.Errorf("other")) != nil {
		t.Fatal("an error without causes has conflicts")
	}
}

func TestRedactor(t *testing.T) {
	var r Redactor
	r.Add("s3cret-value")
	r.Add("s3cret")
	r.Add("two\nlines here")
	r.Add("abc")
	for _, text := range []string{"s3cret-value", "x s3cret y", base64.StdEncoding.EncodeToString([]byte("s3cret-value")), `"two\nlines here"`, "lines here"} {
		if got := r.Text("before " + text + " after"); strings.Contains(got, "s3cret") || strings.Contains(got, "lines") || !strings.Contains(got, redacted) || !strings.HasPrefix(got, "before ") {
			t.Errorf("%q: got %q", text, got)
		}
	}
	if got := r.Text("abcdef"); got != "abcdef" {
		t.Errorf("a short value took others with it: %q", got)
	}
	value := r.Value(map[string]any{"k": []any{"s3cret", 1}, "s3cret": true})
	if got := fmt.Sprint(value); strings.Contains(got, "s3cret") {
		t.Errorf("got %s", got)
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add("secret", "the secret is out")
	f.Add("line one\nline two", "x line one\nline two y")
	f.Fuzz(func(t *testing.T, value, text string) {
		// Only what spans a replacement could come to be anew, and that has a bracket in it.
		if len(value) < minRedacted || strings.ContainsAny(value, "[]") || strings.Contains(redacted, value) {
			return
		}
		var r Redactor
		r.Add(value)
		if got := r.Text(text + value + text); strings.Contains(got, value) {
			t.Fatalf("%q is in %q", value, got)
		}
	})
}
