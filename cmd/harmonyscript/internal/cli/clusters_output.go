// SPDX-License-Identifier: Apache-2.0

package cli

// This file keeps apart what is printed of several clusters.

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// fleet is the clusters that one call works on.
type fleet struct {
	// base prints what belongs to all of them.
	base     *factory
	sections []*section
	// printing ends when all blocks are printed.
	printing sync.WaitGroup
	// live draws them on a terminal; nil elsewhere.
	live *liveFleet
	// mutex is held for each write to the streams that they share.
	mutex sync.Mutex
}

// section is what belongs to one cluster.
type section struct {
	context string
	// number is the cluster's place among those that were named.
	number  int
	factory *factory
	fleet   *fleet
	// block is what is printed when the cluster is done; nil when it is printed at once.
	block *block
	// ended is closed then.
	ended chan struct{}

	code  int
	mutex sync.Mutex
	// state and reason are what the summary says.
	state, reason string
}

// newFleet gives each cluster a factory of its own.
func newFleet(f *factory, targets []string, blocks bool) *fleet {
	fl := &fleet{base: f}
	if !f.json() && !blocks && f.streams.ErrIsTerminal && !f.streams.dumb() {
		fl.live = newLiveFleet(f.streams.Err, f.errPalette(), len(targets))
		fl.live.restore = f.streams.notices.redirect(fl.live.say)
		blocks = true
	}
	width := 0
	for _, name := range targets {
		width = max(width, utf8.RuneCountInString(name))
	}
	for n, name := range targets {
		own := *f
		s := &section{context: name, number: n, fleet: fl, factory: &own, ended: make(chan struct{})}
		own.section, own.flags.context = s, name
		lead := name + strings.Repeat(" ", width-utf8.RuneCountInString(name)) + " | "
		switch {
		case f.json():
			own.streams.Out, own.streams.Err = &sharedWriter{fleet: fl, out: f.streams.Out}, &sharedWriter{fleet: fl, out: f.streams.Err, lead: lead}
		case blocks:
			s.block = &block{}
			own.streams.columns = f.streams.width
			own.streams.Out, own.streams.Err = s.block.to(f.streams.Out), s.block.to(f.streams.Err)
			if !f.streams.OutIsTerminal || !f.streams.ErrIsTerminal {
				// The header of the block may go elsewhere.
				own.streams.Err = &sharedWriter{fleet: fl, out: own.streams.Err, lead: f.errPalette().cyan(lead)}
			}
		default:
			own.streams.Out = &sharedWriter{fleet: fl, out: f.streams.Out, lead: f.outPalette().cyan(lead)}
			own.streams.Err = &sharedWriter{fleet: fl, out: f.streams.Err, lead: f.errPalette().cyan(lead)}
		}
		fl.sections = append(fl.sections, s)
	}
	if blocks && fl.live == nil && !f.json() {
		fl.printing.Go(fl.printInOrder)
	}
	return fl
}

// end tells that the cluster is done.
func (s *section) end() {
	for _, w := range []io.Writer{s.factory.streams.Out, s.factory.streams.Err} {
		if shared, ok := w.(*sharedWriter); ok {
			shared.flush()
		}
	}
	if s.fleet.live != nil {
		s.fleet.live.ended(s)
	}
	close(s.ended)
}

// note keeps what the summary says of the cluster; of several reasons the first.
func (s *section) note(state, reason string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if state != "" {
		s.state = state
	}
	if s.reason == "" {
		s.reason = strings.Join(strings.Fields(reason), " ")
	}
}

// note is section.note where the verb works on several clusters.
func (f *factory) note(state, reason string) {
	if f.section != nil {
		f.section.note(state, reason)
	}
}

// printInOrder prints the blocks in the order of the clusters, each as soon as those before it are printed.
func (fl *fleet) printInOrder() {
	for n, s := range fl.sections {
		<-s.ended
		fl.mutex.Lock()
		if n > 0 {
			fmt.Fprintln(fl.base.streams.Out)
		}
		fmt.Fprintln(fl.base.streams.Out, fl.base.outPalette().bold("cluster "+s.context))
		s.block.print()
		fl.mutex.Unlock()
	}
}

// close prints what has not been printed yet.
func (fl *fleet) close() {
	if fl.live != nil {
		fl.live.close()
		fl.printInOrder()
	}
	fl.printing.Wait()
	if fl.sections[0].block != nil {
		fmt.Fprintln(fl.base.streams.Out)
	}
}

// sharedWriter writes whole lines, each with the cluster in front, to a stream that others write to.
type sharedWriter struct {
	fleet *fleet
	out   io.Writer
	lead  string

	mutex sync.Mutex
	rest  []byte
}

// Write writes the lines that are complete and keeps the rest.
func (w *sharedWriter) Write(text []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.rest = append(w.rest, text...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if end == 0 {
		return len(text), nil
	}
	whole := w.rest[:end]
	err := w.put(whole)
	w.rest = bytes.Clone(w.rest[end:])
	return len(text), err
}

func (w *sharedWriter) put(lines []byte) error {
	if w.lead != "" {
		var led bytes.Buffer
		for line := range bytes.Lines(lines) {
			led.WriteString(w.lead)
			led.Write(line)
		}
		lines = led.Bytes()
	}
	w.fleet.mutex.Lock()
	defer w.fleet.mutex.Unlock()
	_, err := w.out.Write(lines)
	return err
}

func (w *sharedWriter) flush() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(w.rest) > 0 {
		_ = w.put(append(w.rest, '\n'))
		w.rest = nil
	}
}

// block keeps what is printed to two streams, in its order.
type block struct {
	mutex  sync.Mutex
	pieces []piece
}

type piece struct {
	out  io.Writer
	text []byte
}

type blockWriter struct {
	block *block
	out   io.Writer
}

func (b *block) to(out io.Writer) io.Writer { return &blockWriter{b, out} }

// Write keeps the text.
func (w *blockWriter) Write(text []byte) (int, error) {
	w.block.mutex.Lock()
	defer w.block.mutex.Unlock()
	w.block.pieces = append(w.block.pieces, piece{w.out, bytes.Clone(text)})
	return len(text), nil
}

func (b *block) print() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, p := range b.pieces {
		_, _ = p.out.Write(p.text)
	}
	b.pieces = nil
}
