// SPDX-License-Identifier: Apache-2.0

// This file tells writes that were not carried out from those of which that is not known.

package cluster

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CutOffError tells that a write was given up after it had been sent, because the context ended before there was an answer.
type CutOffError struct {
	// Err is why the context ended.
	Err error
}

// Error is the reason.
func (e *CutOffError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *CutOffError) Unwrap() error { return e.Err }

// cutOff marks the reason of a context that ended while it was not known whether a write was carried out.
func cutOff(r request, sent bool, err error) error {
	if r.finish && sent && !isAnswer(err) && !IsUnreachable(err) && !IsUnauthorized(err) {
		return &CutOffError{err}
	}
	return err
}

// IsUncertain reports whether a write that failed with err may have been carried out all the same: its answer was lost, or says
// that something went wrong on the server's side of it. The opposite is not IsDefinite: what was never sent is neither.
func IsUncertain(err error) bool {
	if unreachable := asError[*UnreachableError](err); unreachable != nil {
		return unreachable.Sent
	}
	return asError[*CutOffError](err) != nil || mayHaveHappened(err) && isAnswer(err)
}

// isAnswer reports whether err came from the server, or from something that answered in its place.
func isAnswer(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) || asError[*AnswerError](err) != nil
}

// mayHaveHappened reports whether an attempt that failed with err may have been carried out.
func mayHaveHappened(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return !refusesForCertain(status.Status())
	}
	return !neverSent(err)
}

// refusesForCertain reports an answer that says that nothing was changed.
func refusesForCertain(s metav1.Status) bool {
	code := int(s.Code)
	// A webhook is asked before anything is stored.
	return code < http.StatusInternalServerError && code != http.StatusRequestTimeout || isSchemaRefusal(s) || strings.Contains(s.Message, "failed calling webhook")
}

// neverSent reports an attempt that ended before anything of it was sent.
func neverSent(err error) bool {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &certificate) || lacksCredentials(err)
}
