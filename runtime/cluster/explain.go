// SPDX-License-Identifier: Apache-2.0

// This file turns what the API server refused into diagnostics.

package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Subject is what a request was about.
type Subject struct {
	// Verb is what was tried, as access rules call it: "patch", "delete", "list". Empty means "use".
	Verb string
	// ID of the object; its zero value means none.
	ID backend.ID
	// Confidential keeps the server's own words out of the diagnostic, since they may repeat values of the request.
	Confidential bool
	// Provider is what installs the object's kind, where known: "prometheus-operator".
	Provider string
}

func (s Subject) who() string {
	if s.ID.Name == "" {
		return "the API server"
	}
	return s.ID.String()
}

// Explain turns the error of a request into a diagnostic without a position: what was refused, why, and what to do.
func Explain(err error, about Subject) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error}
	if missing := asError[*KindMissingError](err); missing != nil {
		d = missing.Diagnostic()
		if about.Provider != "" {
			d.Fix = fmt.Sprintf("install %s, which brings kind %s", about.Provider, missing.Kind.Kind)
		}
		d.Summary = about.who() + ": " + d.Summary
		return d
	}
	var known Diagnoser
	if errors.As(err, &known) {
		return known.Diagnostic()
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return Diagnostics(err)[0]
	}
	s := status.Status()
	message := oneLine(s.Message)
	explainStatus(&d, err, s, message, about)
	d.Summary = about.who() + ": " + d.Summary
	if d.Detail == "" && message != "" && !about.Confidential {
		d.Detail = "the API server says: " + message
	}
	if about.Confidential {
		d.Detail = withoutValues(d.Detail, s)
		if who := denier.FindString(message); d.Detail == "" && who != "" {
			d.Detail = "the API server says: " + who
		}
	}
	return d
}

// denier matches how the API server says who denied a request, before it repeats what they say.
var denier = regexp.MustCompile(`admission webhook "[-a-z0-9.]+" denied the request|ValidatingAdmissionPolicy '[-a-z0-9.]+' with binding '[-a-z0-9.]+' denied request|(?:exceeded quota|status unknown for quota): [-a-z0-9.]+|failed calling webhook "[-a-z0-9.]+"`)

// IsQuotaExceeded reports whether a ResourceQuota refused an object. Quotas refuse with the same reason and code as missing rights
// do; only the text tells them apart.
func IsQuotaExceeded(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "exceeded quota") || strings.Contains(err.Error(), "failed quota"))
}

// IsQuotaUnknown reports whether an object was refused because a ResourceQuota is so new that its controller has not counted yet what
// there is: until it has, nothing is let in that the quota counts.
func IsQuotaUnknown(err error) bool {
	return err != nil && strings.Contains(err.Error(), "status unknown for quota")
}

func explainStatus(d *diag.Diagnostic, err error, s metav1.Status, message string, about Subject) {
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		d.Code, d.Summary = "namespace-terminating", fmt.Sprintf("namespace %s is being deleted", about.ID.Namespace)
		d.Fix = "wait until the namespace is gone, then run the same command again: " +
			fmt.Sprintf("kubectl wait --for=delete namespace/%s", about.ID.Namespace)
	case len(Conflicts(err)) > 0:
		explainConflict(d, Conflicts(err), about)
	case IsQuotaExceeded(err):
		d.Code, d.Summary = "quota-exceeded", "the namespace's ResourceQuota does not allow it"
		d.Detail = "the API server says: " + afterFirst(message, "is forbidden: ")
		d.Fix = "raise the tenant's quota or ask for less"
	case IsQuotaUnknown(err):
		d.Code, d.Summary = "quota-unknown", "the namespace's ResourceQuota is new, and its controller has not looked at it yet"
		d.Detail = "the API server says: " + afterFirst(message, "is forbidden: ")
		d.Fix = "run the same command again; if that does not help, see that kube-controller-manager runs"
	case notYetReady(err):
		d.Code, d.Summary = "server-busy", "the API server has restarted, and is not ready for writes yet"
		d.Fix = "run the same command again later"
	case strings.Contains(message, "admission webhook") || strings.Contains(message, "ValidatingAdmissionPolicy") || strings.Contains(message, "violates PodSecurity"):
		d.Code, d.Summary = "admission-denied", "a policy of the cluster denied it"
		d.Fix = "change the script so that it meets the policy, or ask those who own the policy for an exception"
	case strings.Contains(message, "failed calling webhook"):
		d.Code, d.Summary = "webhook-failed", "an admission webhook of the cluster that has to agree did not answer as it should"
		d.Fix = "see that the webhook runs, or ask those who own it; then run the same command again"
	case apierrors.IsForbidden(err):
		explainForbidden(d, s, message, about)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), isSchemaRefusal(s):
		explainInvalid(d, s, message)
	case apierrors.IsRequestEntityTooLargeError(err):
		d.Code, d.Summary = "request-too-large", "it is larger than the API server takes"
		d.Fix = "split it: fewer rules per group or several groups, shorter lists"
	case apierrors.IsNotFound(err) && s.Details != nil && s.Details.Kind == "namespaces" && about.ID.Kind != "Namespace":
		d.Code, d.Summary = "namespace-missing", fmt.Sprintf("namespace %s does not exist", about.ID.Namespace)
		d.Fix = "declare it with tenant() or tenant_monitoring(), or make it first: kubectl create namespace " + about.ID.Namespace
	case apierrors.IsConflict(err):
		d.Code, d.Summary = "object-changed", "somebody changed it at the same time"
		d.Fix = "run the same command again"
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		d.Code, d.Summary = "request-timeout", "the API server did not finish in time"
		d.Fix = "run the same command again when the API server is less busy"
	case apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err):
		d.Code, d.Summary = "server-busy", "the API server turned it away again and again"
		d.Fix = "run the same command again later"
	default:
		d.Code, d.Summary = "server-error", fmt.Sprintf("the API server refused with %d %s", s.Code, s.Reason)
	}
}

// deniedRequest matches how the API server's authorizers word a refusal: the verb, and the namespace if there is one.
var deniedRequest = regexp.MustCompile(`cannot (\w+) resource "[^"]+" in API group "[^"]*"(?: in the namespace "([^"]+)")?`)

func explainForbidden(d *diag.Diagnostic, s metav1.Status, message string, about Subject) {
	d.Code = "forbidden"
	verb, resource, namespace := about.Verb, strings.ToLower(about.ID.Kind), about.ID.Namespace
	// Without a subject, as for the inventory and the lock, the server's own words tell what was asked.
	if asked := deniedRequest.FindStringSubmatch(message); asked != nil && about.Verb == "" {
		verb, namespace = asked[1], asked[2]
	}
	if verb == "" {
		verb = "use"
	}
	if s.Details != nil && s.Details.Kind != "" {
		resource = s.Details.Kind
		if s.Details.Group != "" {
			resource += "." + s.Details.Group
		}
	}
	where := "in the whole cluster"
	flag := ""
	if namespace != "" {
		where, flag = "in namespace "+namespace, " --namespace "+namespace
	}
	d.Summary = fmt.Sprintf("no right to %s %s %s", verb, resource, where)
	switch {
	case strings.Contains(message, "attempting to grant RBAC permissions not currently held"):
		d.Summary = "no right to grant what one does not hold"
		d.Fix = "run it as somebody who holds the rights that the role grants, or who may escalate and bind roles"
	case !strings.Contains(message, " cannot "):
		// An admission plugin refused; the rights suffice.
		d.Code, d.Summary = "admission-denied", "the cluster does not allow it"
	case verb == "patch":
		d.Fix = fmt.Sprintf("ask for the verbs get, list, create, patch and delete on %s %s; try: kubectl auth can-i patch %s%s", resource, where, resource, flag)
	default:
		d.Fix = fmt.Sprintf("ask for the verb %s on %s %s; try: kubectl auth can-i %s %s%s", verb, resource, where, verb, resource, flag)
	}
}

func explainInvalid(d *diag.Diagnostic, s metav1.Status, message string) {
	d.Code, d.Summary = "object-invalid", "the API server does not accept it"
	var fields []string
	var immutable bool
	if s.Details != nil {
		for _, cause := range s.Details.Causes {
			if cause.Field != "" {
				fields = append(fields, cause.Field)
			}
			immutable = immutable || strings.Contains(cause.Message, "immutable") || strings.Contains(cause.Message, "may not change once set") || strings.Contains(cause.Message, "cannot change")
		}
	}
	if len(fields) > 0 {
		d.Summary = "the API server does not accept " + strings.Join(fields, ", ")
	}
	switch {
	case immutable || strings.Contains(message, "field is immutable"):
		d.Code = "field-immutable"
		d.Summary = strings.Replace(d.Summary, "does not accept", "does not let anyone change", 1)
		d.Fix = "give the object another name, or delete it by hand and apply again; harmonyscript never recreates it by itself"
	case strings.Contains(message, "unknown field") || strings.Contains(message, "field not declared in schema"):
		d.Fix = "the version of the API in this cluster does not know the field: upgrade the operator and its custom resource definitions"
	default:
		d.Fix = "correct the value in the script"
	}
}

// isSchemaRefusal reports a manifest that does not fit the schema of its kind. The API server answers with 500 and no reason to
// a server-side apply of one.
func isSchemaRefusal(s metav1.Status) bool {
	return s.Code == http.StatusInternalServerError && strings.Contains(s.Message, "failed to create typed patch object")
}

func explainConflict(d *diag.Diagnostic, conflicts []Conflict, about Subject) {
	d.Code = "field-conflict"
	var parts, lines []string
	for _, c := range conflicts {
		parts = append(parts, c.Manager)
		lines = append(lines, fmt.Sprintf("%s owns %s", c.Manager, strings.Join(c.Fields, ", ")))
	}
	d.Summary = "fields are owned by " + strings.Join(parts, " and ")
	d.Detail = strings.Join(lines, "\n")
	flag := "--take-ownership"
	if about.ID.Name != "" {
		flag += "=" + about.ID.Reference()
	}
	leave := "leave them to their owner by removing them from the script"
	if about.ID.Group == "apiextensions.k8s.io" && about.ID.Kind == "CustomResourceDefinition" {
		// No script says what is in a definition: it comes with the chart.
		leave = `leave the definitions to their owner with helm_values = {"crds": {"enabled": False}}`
	}
	d.Fix = "take them with " + flag + ", or " + leave
}

// withoutValues reduces a detail to the names of the fields that the server complained about.
func withoutValues(detail string, s metav1.Status) string {
	if s.Details == nil || detail == "" {
		return ""
	}
	var lines []string
	for _, cause := range s.Details.Causes {
		if cause.Field != "" && cause.Type != metav1.CauseTypeFieldManagerConflict {
			lines = append(lines, fmt.Sprintf("%s: %s", cause.Field, cause.Type))
		}
	}
	if len(lines) == 0 && s.Details.Causes != nil {
		return detail
	}
	return strings.Join(lines, "\n")
}

func afterFirst(text, separator string) string {
	if _, after, found := strings.Cut(text, separator); found {
		return after
	}
	return text
}
