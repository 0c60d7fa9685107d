// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// TestWriteError expects to be told which record could not be written, where and why, without what the refusal quotes.
func TestWriteError(t *testing.T) {
	refusal := func(code int32, reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message, Details: &metav1.StatusDetails{Kind: "secrets", Name: "shop"}}}
	}
	for name, c := range map[string]struct {
		err  error
		code string
		want []string
	}{
		"webhook": {
			refusal(http.StatusForbidden, "", `admission webhook "vault.example.org" denied the request: {"key":"hush"}`), "admission-denied",
			[]string{"the API server says: admission webhook \"vault.example.org\" denied the request", "it holds the record of deployment shop", "--inventory-namespace"},
		},
		"quota": {
			refusal(http.StatusForbidden, metav1.StatusReasonForbidden, `secrets "shop" is forbidden: exceeded quota: few, requested: secrets=1`), "quota-exceeded",
			[]string{"see that Secrets can be written in namespace records"},
		},
		"rights": {
			refusal(http.StatusForbidden, metav1.StatusReasonForbidden, `secrets "shop" is forbidden: User "jane" cannot update resource "secrets" in API group "" in the namespace "records"`), "forbidden",
			[]string{"can-i update secrets --namespace records"},
		},
		"changed": {refusal(http.StatusConflict, metav1.StatusReasonConflict, "the object has been modified: hush"), "object-changed", []string{"again"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := &WriteError{Deployment: "shop", ID: backend.ID{Version: "v1", Kind: "Secret", Namespace: "records", Name: "shop"}, Err: c.err}
			d := e.Diagnostic()
			text := d.Render(nil, diag.Style{})
			if d.Code != c.code || !strings.HasPrefix(d.Summary, "Secret records/shop: ") || strings.Contains(text, "hush") {
				t.Errorf("got %s:\n%s", d.Code, text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("got no %q in:\n%s", want, text)
				}
			}
		})
	}
}
