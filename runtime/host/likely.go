// SPDX-License-Identifier: Apache-2.0

// This file finds secrets in texts that do not parse, where nothing tells what belongs where.

package host

import (
	"strings"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var (
	// likelySecret matches what stands before and behind the host of an address, and strings behind names such as token, on one
	// line and, between triple quotes, on several.
	likelySecret = whenNeeded(`\w+://(?:([^\s"'/]*)@)?[^\s"'/@]*([^\s"']*)|(?i:\w*(?:password|passphrase|token|secret|webhook|_key)\w*\s*=\s*(?:[rb]?"""((?s:.*?))(?:"""|$)|[rb]?\x27\x27\x27((?s:.*?))(?:\x27\x27\x27|$)|[rb]?["']([^"'\n]+)))`)
	// quotedText matches what stands in quotes, or behind a quote that nobody closed.
	quotedText = whenNeeded(`"([^"\n]*)|'([^'\n]*)`)
)

// likelySecrets returns the parts of text that may be secrets.
func likelySecrets(text string) []string {
	var found []string
	for _, match := range likelySecret().FindAllStringSubmatch(text, -1) {
		found = append(found, match[1:]...)
	}
	for _, match := range quotedText().FindAllStringSubmatch(text, -1) {
		for _, quoted := range match[1:] {
			if score.LooksLikeSecret("", quoted) {
				found = append(found, quoted)
			}
		}
	}
	return found
}

// HideLikelySecrets returns the text of a file that does not parse, with what may be a secret in it masked.
func HideLikelySecrets(text string) string {
	var long []string
	for _, secret := range likelySecrets(text) {
		if utf8.RuneCountInString(secret) >= shortestMasked {
			long = append(long, secret)
		}
	}
	return diag.Mask(text, long)
}

// maskLikely keeps what may be a secret out of some lines of a file's text, by their numbers. What is in none of them is left as
// it is.
func (t *Thread) maskLikely(text string, numbers ...int) {
	lines := strings.Split(text, "\n")
	secrets := likelySecrets(text)
	for _, n := range numbers {
		if n < 1 || n > len(lines) {
			continue
		}
		for _, secret := range secrets {
			for part := range strings.SplitSeq(secret, "\n") {
				if part != "" && strings.Contains(lines[n-1], part) {
					t.texts.mask(part)
				}
			}
		}
	}
}
