// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the exit codes and the error that carries one.

import (
	"errors"
	"fmt"
)

// The exit codes, documented in README.md.
const (
	exitDone        = 0
	exitFailed      = 1
	exitWrong       = 2
	exitChanges     = 3
	exitNotReady    = 4
	exitInterrupted = 130
)

// exitError ends the program with a code. Its text is printed unless it is empty, which means that
// everything has been said already.
type exitError struct {
	code  int
	cause error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// exitWith returns an error that ends the program with code without a further word.
func exitWith(code int) error { return &exitError{code: code} }

// wrongCall returns an error for a call that makes no sense: exit code 2 with the text.
func wrongCall(format string, arguments ...any) error {
	return &exitError{code: exitWrong, cause: fmt.Errorf(format, arguments...)}
}

// exitCode returns the code for err: its own if it carries one, else that of a failed run.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitFailed
}
