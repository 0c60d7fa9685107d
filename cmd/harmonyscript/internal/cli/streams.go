// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the streams that commands read and write, and what is known about the terminal behind them.

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are what a command reads and writes. Results go to Out, everything said to a person goes to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// ErrIsTerminal says that a person watches Err: live progress and colours make sense.
	ErrIsTerminal bool
	// OutIsTerminal says the same of Out.
	OutIsTerminal bool
	// Environment looks up environment variables.
	Environment func(name string) (string, bool)
}

// SystemStreams returns the process's own streams.
func SystemStreams() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		ErrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		OutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		Environment:   os.LookupEnv,
	}
}

// colored reports whether text for the given kind of stream may carry colours: on a terminal that can show
// them, unless --no-color or NO_COLOR (https://no-color.org) says otherwise.
func (s Streams) colored(terminal, disabled bool) bool {
	if disabled || !terminal {
		return false
	}
	if value, ok := s.Environment("NO_COLOR"); ok && value != "" {
		return false
	}
	value, _ := s.Environment("TERM")
	return value != "dumb"
}
