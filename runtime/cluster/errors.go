// SPDX-License-Identifier: Apache-2.0

// This file holds the errors of the connection and turns every error of the engine into diagnostics.

package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Diagnoser is an error that knows how to tell itself to the user of a script.
type Diagnoser interface {
	error
	Diagnostic() diag.Diagnostic
}

// Diagnostics turns an error of the engine's packages into diagnostics: a diag.List into itself, an error that is a
// Diagnoser into one diagnostic, any other into one of code "engine-failed". nil gives nil.
func Diagnostics(err error) diag.List {
	if err == nil {
		return nil
	}
	var list diag.List
	if errors.As(err, &list) {
		return list
	}
	var known Diagnoser
	if errors.As(err, &known) {
		return diag.List{known.Diagnostic()}
	}
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		return diag.List{Explain(err, Subject{})}
	case errors.Is(err, context.Canceled):
		return diag.List{{Severity: diag.Error, Code: "interrupted", Summary: "interrupted"}}
	case errors.Is(err, context.DeadlineExceeded):
		return diag.List{{Severity: diag.Error, Code: "request-timeout", Summary: "the time that was given is over"}}
	}
	return diag.List{{Severity: diag.Error, Code: "engine-failed", Summary: oneLine(err.Error())}}
}

// UnreachableError tells that the API server did not answer.
type UnreachableError struct {
	// Host is the server's address.
	Host string
	// Lost tells that it had answered before.
	Lost bool
	// Sent tells that the request may have reached it.
	Sent bool
	Err  error
}

// Error names the server and the reason.
func (e *UnreachableError) Error() string {
	if e.Lost {
		return fmt.Sprintf("API server %s: connection lost: %s", e.Host, reason(e.Err))
	}
	return fmt.Sprintf("API server %s: cannot be reached: %s", e.Host, reason(e.Err))
}

// Unwrap returns the reason.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Diagnostic says what to look at.
func (e *UnreachableError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "cluster-unreachable", Summary: oneLine(e.Error()),
		Fix: "check that the cluster runs and that --context names the right one, or add --sandbox to use a control plane on this machine",
	}
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var resolve *net.DNSError
	switch {
	case errors.As(e.Err, &authority), errors.As(e.Err, &hostname):
		d.Fix = "the server's certificate does not fit this kubeconfig: check its certificate-authority-data and that the server is the one you mean"
	case errors.As(e.Err, &resolve):
		d.Fix = "the host name is not known: check the server address in the kubeconfig, and the VPN if the cluster is behind one"
	case e.Lost:
		d.Fix = "run the same command again when the API server answers; what was done is kept"
	}
	return d
}

// networkTimeout is a time-out of the network's own: nobody took the connection in time, or a name server kept silent. In the words of
// the standard library it is a context.DeadlineExceeded, which here says that whoever asked has no time left; this one is not.
type networkTimeout struct{ error }

// As finds what is below.
func (e networkTimeout) As(target any) bool { return errors.As(e.error, target) }

// networkError returns an error of the network, while the context of the request goes on.
func networkError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return networkTimeout{err}
	}
	return err
}

// reason drops the method and the address that the HTTP client puts in front.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused"
	}
	if errors.Is(err, syscall.ECONNRESET) {
		// The library's text names ports of the moment.
		return "connection reset by peer"
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return "no answer in time"
	}
	return err.Error()
}

// lacksCredentials reports whether a request was never sent because the kubeconfig's command gave no credentials. The
// library has no type for it.
func lacksCredentials(err error) bool {
	var u *url.Error
	return errors.As(err, &u) && strings.HasPrefix(u.Err.Error(), "getting credentials: ")
}

// AnswerError tells that an answer of the API server cannot be read. What was asked for may have been done.
type AnswerError struct {
	// Host is the server's address.
	Host string
	Err  error
}

// Error names the server and the reason.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("API server %s: its answer cannot be read: %s", e.Host, e.Err)
}

// Unwrap returns the reason.
func (e *AnswerError) Unwrap() error { return e.Err }

// Diagnostic says what to look at.
func (e *AnswerError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "answer-unreadable", Summary: e.Error(),
		Fix: "see what stands between this machine and the API server (a proxy, a login page): it cuts answers or gives its own; then run the same command again",
	}
}

// UnauthorizedError tells that the API server does not know who we are.
type UnauthorizedError struct {
	Host string
	// Context of the kubeconfig, where known.
	Context string
	// NoneGiven tells that the kubeconfig's command gave no credentials, so that the server was not asked at all.
	NoneGiven bool
	Err       error
}

// Error names the server.
func (e *UnauthorizedError) Error() string {
	if e.NoneGiven {
		return fmt.Sprintf("API server %s: the command that this kubeconfig has for credentials gave none", e.Host)
	}
	return fmt.Sprintf("API server %s: it does not accept the credentials of this kubeconfig (401 Unauthorized)", e.Host)
}

// Unwrap returns the server's own words.
func (e *UnauthorizedError) Unwrap() error { return e.Err }

// Diagnostic says what to do.
func (e *UnauthorizedError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "cluster-unauthorized", Summary: e.Error(),
		Fix: "log in to the cluster again: the token or certificate is missing, wrong or expired",
	}
	if e.Context != "" {
		d.Detail = "the kubeconfig's context is " + e.Context
	}
	if e.NoneGiven {
		d.Detail = strings.TrimPrefix(d.Detail+"\n"+oneLine(reason(e.Err)), "\n")
		d.Fix = "see why the command fails, or log in to the cluster again"
	}
	return d
}

// classify gives the errors of the connection their types.
func (c *Client) classify(err error, sent bool) error {
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		if status.Status().Code == http.StatusUnauthorized {
			return &UnauthorizedError{Host: c.Host(), Context: c.context, Err: err}
		}
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case lacksCredentials(err):
		return &UnauthorizedError{Host: c.Host(), Context: c.context, NoneGiven: true, Err: err}
	case asError[*AnswerError](err) != nil:
		return err
	}
	return &UnreachableError{Host: c.Host(), Lost: c.connected.Load(), Sent: sent, Err: err}
}

// asError returns the error of type T in err's chain, or T's zero value.
func asError[T error](err error) T {
	var target T
	if errors.As(err, &target) {
		return target
	}
	var none T
	return none
}

// IsUnreachable reports whether err says that the API server did not answer.
func IsUnreachable(err error) bool { return asError[*UnreachableError](err) != nil }

// IsDefinite reports whether err tells for certain that the request changed nothing: the server looked at it and
// refused.
func IsDefinite(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return IsKindMissing(err)
	}
	code := status.Status().Code
	return code >= 400 && code < 500 && code != http.StatusRequestTimeout || isSchemaRefusal(status.Status())
}

// StatusDetails returns what the API server says about the object that it refused, or nil.
func StatusDetails(err error) *metav1.StatusDetails {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nil
	}
	return status.Status().Details
}

// IsUnauthorized reports whether err says that the API server does not know who we are.
func IsUnauthorized(err error) bool { return asError[*UnauthorizedError](err) != nil }
