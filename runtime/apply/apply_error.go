// SPDX-License-Identifier: Apache-2.0

// This file keeps secrets out of the errors of runs.

package apply

import (
	"errors"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// withoutSecrets returns an error that tells the same but for the values of secrets, and is of the same types.
func (r *runner) withoutSecrets(err error) error {
	var list diag.List
	switch {
	case err == nil || r.work == nil:
		return err
	case errors.As(err, &list):
		told := make(diag.List, len(list))
		for n, d := range list {
			told[n] = r.work.Secrets.Redactor.Diagnostic(d)
		}
		return told
	}
	return &redactedError{err, r.work.Secrets.Redactor}
}

// redactedError is an error without the values of secrets.
type redactedError struct {
	err   error
	known *cluster.Redactor
}

func (e *redactedError) Error() string { return e.known.Text(e.err.Error()) }

func (e *redactedError) Unwrap() error { return e.err }

// Diagnostic is that of the error itself.
func (e *redactedError) Diagnostic() diag.Diagnostic {
	return e.known.Diagnostic(cluster.Diagnostics(e.err)[0])
}
