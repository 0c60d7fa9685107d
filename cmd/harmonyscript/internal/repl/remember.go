// SPDX-License-Identifier: Apache-2.0

// This file decides what of the input the history may keep.

package repl

import (
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// remember puts the text into the history, and takes out what has turned out to be secret.
func (s *shell) remember(name, text string, problems diag.List) {
	if !s.options.Terminal {
		return
	}
	keep := true
	for _, p := range problems {
		// Of a text that could not be parsed and resolved nobody knows whether a secret is in it.
		keep = keep && p.Code != "plain-secret" && p.Code != "syntax-error" && p.Code != "undefined-name"
	}
	keep = keep && !s.masked(name, text) && !mentionsSecret(text)
	if err := s.history.add(text, keep); err != nil {
		s.warn(err)
	}
	if keep {
		s.texts[name] = strings.TrimRight(text, "\r\n\t ")
	}
	secret := map[string]bool{}
	for name, text := range s.texts {
		if s.masked(name, text) {
			secret[text] = true
			delete(s.texts, name)
		}
	}
	if err := s.history.forget(func(text string) bool { return secret[text] }); err != nil {
		s.warn(err)
	}
}

// masked reports whether the host hides part of a chunk's text.
func (s *shell) masked(name, text string) bool {
	shown, ok := s.session.Sources(name)
	return ok && !strings.HasPrefix(shown, strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n\t "))
}
