// SPDX-License-Identifier: Apache-2.0

// This file knows in which ways a secret value may be spelled in a text.

package cluster

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
)

const (
	// minPart is the length from which on a line of a value, or a part of a URL, is a secret of its own: shorter ones are
	// words like "true".
	minPart = 8
	// minCut is how much of the beginning of a value, at the end of a text or in front of dots, counts as the value, cut off.
	minCut = 8
	// maxCut is how much of a value that is cut off is looked for.
	maxCut = 8 << 10
)

// spellings returns the ways in which a value may turn up, each once: as it is, without the space around it, line by line, its
// parts if it is a URL; each of them quoted for JSON, Go, HTML, YAML and URLs, once or twice; and the whole in hexadecimal, as a
// list of bytes, and as base64, once or twice, also in the middle of something else that is base64, as a password is in an
// Authorization header.
func spellings(value string) []string {
	s := spelled{seen: map[string]bool{}}
	s.plain(value)
	s.plain(strings.TrimSpace(value))
	s.plain(strings.ReplaceAll(value, "\n", " "))
	s.plain(strings.Join(strings.Fields(value), " "))
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= minPart {
			s.plain(line)
		}
	}
	for _, part := range urlParts(value) {
		s.plain(part)
	}
	s.encoded(value)
	s.encoded(strings.TrimSpace(value))
	return s.all
}

// spelled collects spellings.
type spelled struct {
	seen map[string]bool
	all  []string
}

// add takes a spelling in; it reports whether it is a new one that is long enough to be looked for.
func (s *spelled) add(text string) bool {
	if len(text) < minRedacted || s.seen[text] {
		return false
	}
	s.seen[text] = true
	s.all = append(s.all, text)
	return true
}

// plain takes in a text with its quotings, and the quotings of these: a message that is itself a string in a document.
func (s *spelled) plain(text string) {
	if !s.add(text) || unquoted(text) {
		return
	}
	for _, once := range quotings(text) {
		if s.add(once) {
			s.add(jsonText(once, false))
			s.add(strings.Trim(strconv.Quote(once), `"`))
		}
	}
}

// encoded takes in the encodings of a whole value.
func (s *spelled) encoded(value string) {
	if len(value) < minRedacted {
		return
	}
	s.add(hex.EncodeToString([]byte(value)))
	s.add(strings.ToUpper(hex.EncodeToString([]byte(value))))
	numbers := strings.Trim(fmt.Sprintf("%d", []byte(value)), "[]") // as Go prints them
	s.add(numbers)
	s.add(strings.ReplaceAll(numbers, " ", ", "))
	s.add(strings.ReplaceAll(numbers, " ", ","))
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		padded := encoding.EncodeToString([]byte(value))
		for _, text := range []string{padded, strings.TrimRight(padded, "=")} {
			s.add(text)
			s.add(url.QueryEscape(text))
		}
		for _, part := range inside(value, encoding) {
			s.add(part)
		}
	}
	// What the API server has as base64 may be encoded once more, together with what stands around it.
	for _, part := range inside(base64.RawStdEncoding.EncodeToString([]byte(value)), base64.StdEncoding) {
		s.add(part)
	}
}

// unquoted reports whether text is written without quotes and escapes everywhere.
func unquoted(text string) bool {
	for _, b := range []byte(text) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_', b == '.', b == '~':
		default:
			return false
		}
	}
	return true
}

// quotings returns the ways to write text between quotes.
func quotings(text string) []string {
	quoted := strconv.Quote(text)
	ascii := strconv.QuoteToASCII(text)
	return []string{
		jsonText(text, true), jsonText(text, false), quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1], html.EscapeString(text),
		strings.ReplaceAll(text, "'", "''"), url.QueryEscape(text), url.PathEscape(text), strings.ReplaceAll(url.QueryEscape(text), "+", "%20"),
		(&url.URL{Path: text}).EscapedPath(), url.UserPassword("", text).String()[1:],
	}
}

// jsonText returns text as it stands between the quotes of a JSON string.
func jsonText(text string, escapeHTML bool) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	quoted := strings.TrimSuffix(buffer.String(), "\n")
	return quoted[1 : len(quoted)-1]
}

// inside returns what of a value's base64 does not depend on what stands before and after it, for each of the places that
// it may begin at.
func inside(value string, encoding *base64.Encoding) []string {
	if len(value) < minPart {
		return nil
	}
	var parts []string
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		encoded := encoding.WithPadding(base64.NoPadding).EncodeToString(padded[:len(padded)/3*3])
		if before > 0 {
			encoded = encoded[4:]
		}
		parts = append(parts, encoded)
	}
	return parts
}

// urlParts returns what is secret of a URL beside the whole: its user's name and password, its path and its query, which in
// the URLs of webhooks are the token.
func urlParts(value string) []string {
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil
	}
	var parts []string
	add := func(part string) {
		if len(part) >= minPart {
			parts = append(parts, part)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		add(password)
		add(u.User.String())
	}
	add(u.RequestURI())
	add(u.RawQuery)
	for _, values := range u.Query() {
		for _, v := range values {
			add(v)
		}
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		// Words of the API are not secret; tokens are longer.
		if len(segment) >= 2*minPart {
			add(segment)
		}
	}
	return parts
}
