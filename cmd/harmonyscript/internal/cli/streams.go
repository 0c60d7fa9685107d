// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the streams that commands read and write, and what is known about the terminal behind them.

import (
	"fmt"
	"io"
	"os"
	"sync"

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

	// columns replaces the terminal's own width where Out is not the terminal itself; nil elsewhere.
	columns func() int

	// notices is where what cannot wait is said; nil drops it.
	notices *notices
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

// width returns how many characters fit into a line of the terminal behind Out; 0 when there is none.
func (s Streams) width() int {
	if s.columns != nil {
		return s.columns()
	}
	file, ok := s.Out.(*os.File)
	if !ok || !s.OutIsTerminal {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
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
	return !s.dumb()
}

// dumb reports whether the terminal only ever appends text.
func (s Streams) dumb() bool {
	value, _ := s.Environment("TERM")
	return value == "dumb"
}

// notices says what comes from outside of the command that runs, such as that it was interrupted. Whoever draws
// on the terminal takes them over, so that they do not end up in its drawing.
type notices struct {
	mutex sync.Mutex
	say   func(text string)
}

func newNotices(out io.Writer) *notices {
	return &notices{say: func(text string) { fmt.Fprintln(out, "\n"+text) }}
}

// tell says text now.
func (n *notices) tell(text string) {
	n.mutex.Lock()
	say := n.say
	n.mutex.Unlock()
	say(text)
}

// redirect makes notices go to say until the returned function is called.
func (n *notices) redirect(say func(text string)) (restore func()) {
	if n == nil {
		return func() {}
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	before := n.say
	n.say = say
	return func() {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.say = before
	}
}
