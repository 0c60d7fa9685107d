// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tellings are the ways in which a value gets into a text.
func tellings(value string) map[string]string {
	quoted := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	}
	request, _ := http.NewRequest(http.MethodGet, "http://example.com", nil)
	request.SetBasicAuth("some-user", value)
	u := url.URL{Scheme: "https", Host: "example.com", User: url.UserPassword("user", value), RawQuery: url.Values{"token": {value}}.Encode()}
	return map[string]string{
		"plain":              "before " + value + " after",
		"go quoted":          fmt.Sprintf("Invalid value: %q: must be", value),
		"go quoted, ascii":   strconv.QuoteToASCII(value),
		"JSON":               quoted(map[string]string{"a": value}),
		"JSON in JSON":       quoted(quoted(map[string]string{"a": value})),
		"quoted JSON":        fmt.Sprintf("%q", quoted(value)),
		"quoted twice":       fmt.Sprintf("%q", fmt.Sprintf("%q", value)),
		"HTML":               "<p>" + html.EscapeString(value) + "</p>",
		"YAML":               "'" + strings.ReplaceAll(value, "'", "''") + "'",
		"base64":             base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 for URLs":    base64.RawURLEncoding.EncodeToString([]byte(value)),
		"base64 twice":       base64.StdEncoding.EncodeToString([]byte(`{"data":"` + base64.StdEncoding.EncodeToString([]byte(value)) + `"}`)),
		"hexadecimal":        hex.EncodeToString([]byte(value)),
		"hexadecimal, upper": fmt.Sprintf("%X", value),
		"bytes":              fmt.Sprintf("%d", []byte(value)),
		"bytes as JSON":      strings.ReplaceAll(fmt.Sprintf("%d", []byte(value)), " ", ","),
		"query":              url.QueryEscape(value),
		"path":               "https://example.com/" + url.PathEscape(value),
		"URL":                u.String(),
		"cut off":            "the value is " + value[:len(value)-1],
		"cut off in between": "the value is \"" + value[:len(value)-1] + "...\", want another",
		"cut off page":       `an error on the server ("` + value[:len(value)-1] + `") has prevented the request from succeeding`,
		"cut off twice":      value[:len(value)-1] + "… or " + value[:len(value)-1] + "... or",
		"cut off, with dots": "the value is \"" + value[:len(value)-1] + "\"...",
	}
}

// FuzzRedactorSpellings tells random values in all the ways; none may come through. The marker in the middle is what is looked for, so
// that a value of common letters proves nothing.
func FuzzRedactorSpellings(f *testing.F) {
	for _, seed := range []string{"", "a", `"quoted"`, "<&>'", "two\nlines", "ünïcode", "%41+b c", `back\slash`, "\x00\x01", "\xff\xfe", "https://user:pass@example.com/a/b?c=d"} {
		f.Add(seed, seed, "beside")
	}
	f.Fuzz(func(t *testing.T, before, after, other string) {
		const marker = "MARKERmarkerMARKER"
		value := before + marker + after
		if strings.TrimSpace(value) != value || len(value) > 4096 || strings.Contains(before+after+other, "MARK") {
			t.Skip()
		}
		r := &Redactor{}
		r.Add(value)
		r.Add(other)
		for way, text := range tellings(value) {
			redacted := r.Text(text)
			if strings.Contains(redacted, marker) {
				t.Errorf("%s: %q comes through in %q of %q", way, value, redacted, text)
			}
			for _, told := range hidden(marker) {
				if strings.Contains(redacted, told) {
					t.Errorf("%s: %q of %q comes through in %q", way, told, value, redacted)
				}
			}
			if encoded := base64.RawStdEncoding.EncodeToString([]byte(value)); len(encoded) > 8 && strings.Contains(redacted, encoded) {
				t.Errorf("%s: the base64 of %q comes through in %q", way, value, redacted)
			}
		}
	})
}

// hidden are the ways in which an encoding of a text that holds marker shows it.
func hidden(marker string) []string {
	decimal := strings.Trim(fmt.Sprintf("%d", []byte(marker)), "[]")
	all := []string{hex.EncodeToString([]byte(marker)), fmt.Sprintf("%X", marker), decimal, strings.ReplaceAll(decimal, " ", ",")}
	for before := range 3 {
		padded := strings.Repeat("x", before) + marker
		encoded := base64.RawStdEncoding.EncodeToString([]byte(padded[:len(padded)/3*3]))
		if before > 0 {
			encoded = encoded[4:]
		}
		all = append(all, encoded)
	}
	return all
}

func TestRedactorKnowsParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, text string }{
		{"the path of a webhook", "https://discord.example/api/webhooks/1/MARKER-token", `Post "/api/webhooks/1/MARKER-token": refused`},
		{"the password of a URL", "https://user:MARKER-password@proxy.example:8080", "proxy: MARKER-password was not accepted"},
		{"the token of a query", "https://x.example/hook?token=MARKER-token", "token MARKER-token is unknown"},
		{"an Authorization header", "MARKER-password-1", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("jane:MARKER-password-1"))},
		{"a short password in a header", "MARKER-pw", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x:MARKER-pw"))},
		{"in a document that is base64", "MARKER-pw", base64.StdEncoding.EncodeToString([]byte(`{"password":"MARKER-pw","more":1}`))},
		{"a line of a key", "-----BEGIN X-----\nMARKERMARKER\n-----END X-----\n", "bad line MARKERMARKER of"},
		{"the lines in a row", "one MARKER\ntwo MARKER\n", "got one MARKER two MARKER"},
		{"cut off in a URL", "https://x.example/hook/MARKER-and-more", `got "https://x.example/hook/MARKER-an`},
	} {
		r := &Redactor{}
		r.Add(c.value)
		got := r.Text(c.text)
		encoded := base64.StdEncoding.EncodeToString([]byte("jane:MARKER-password-1"))
		told := slices.ContainsFunc(hidden("MARKER-pw"), func(text string) bool { return strings.Contains(got, text) })
		if strings.Contains(got, "MARKER") || strings.Contains(got, encoded) || told {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
	r := &Redactor{}
	r.Add("https://x.example/hook/MARKER-and-more")
	if text := `see "https://`; r.Text(text) != text {
		t.Errorf("the beginning of every URL: got %q", r.Text(text))
	}
}
