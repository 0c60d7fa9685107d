// SPDX-License-Identifier: Apache-2.0

// This file makes the secrets of these tests, and finds them however they are spelled. It shares nothing with the code that
// keeps them out.

package secrecy

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// Every secret has one of these in each of its parts: nothing else in a cluster or a program has.
const (
	needle        = "nEEdleQ7"
	foreignNeedle = "ñÉÉdlé"
)

// short is a secret that is too short to be looked for.
const short = "Qz7"

// secrets are the values, by the environment variable, the file or the key of a Kubernetes Secret that has them.
func secrets() map[string]string {
	return map[string]string{
		"HOOK_URL":   "https://hooks.example.com/services/nEEdleQ7/path-nEEdleQ7?token=nEEdleQ7token",
		"WORD":       "nEEdleQ7word",
		"QUOTED":     `nEEdleQ7 "nEEdleQ7" 'nEEdleQ7' <nEEdleQ7>&nEEdleQ7 \nEEdleQ7 %nEEdleQ7 {{ nEEdleQ7 }}`,
		"LINES":      "nEEdleQ7 line one\n  nEEdleQ7 line two\nline nEEdleQ7 three\n",
		"UNICODE":    "ñÉÉdlé-ñÉÉdlé ñÉÉdlé",
		"SHORT":      short,
		"file.txt":   "https://user:nEEdleQ7pass@hooks.example.com/file/nEEdleQ7path",
		"cluster":    "https://hooks.example.com/cluster/nEEdleQ7",
		"UNREADABLE": "https://hooks.example.com/%zz/nEEdleQ7?nEEdleQ7",
	}
}

// spelled are the ways in which a needle may turn up.
var spelled = func() []string {
	var all []string
	for _, n := range []string{needle, foreignNeedle} {
		quoted := strconv.QuoteToASCII(n)
		all = append(all, n, hex.EncodeToString([]byte(n)), strings.ToUpper(hex.EncodeToString([]byte(n))), url.QueryEscape(n), quoted[1:len(quoted)-1])
		all = append(all, strings.Trim(strings.ReplaceAll(fmt.Sprintf("%d", []byte(n)), ",", ""), "[]"), strings.ReplaceAll(strings.Trim(fmt.Sprintf("%d", []byte(n)), "[]"), " ", ","))
		inner := n
		for range 2 { // base64, and the base64 of it
			var next []string
			for before := range 3 {
				next = append(next, aligned(inner, before))
			}
			all = append(all, next...)
			inner = next[0]
		}
	}
	return all
}()

// aligned is what of text's base64 does not depend on what stands around it, when that many bytes stand before it.
func aligned(text string, before int) string {
	padded := strings.Repeat("x", before) + text
	encoded := base64.RawStdEncoding.EncodeToString([]byte(padded[:len(padded)/3*3]))
	if before > 0 {
		encoded = encoded[4:]
	}
	return encoded
}

// found returns where in content a secret is, with what stands around it, or "". Packed and encoded content is unpacked.
func found(content []byte) string { return search(content, 0) }

func search(content []byte, depth int) string {
	for _, s := range spelled {
		if at := bytes.Index(content, []byte(s)); at >= 0 {
			return fmt.Sprintf("%q in …%s…", s, content[max(0, at-240):min(len(content), at+120)])
		}
	}
	if depth == 4 {
		return ""
	}
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b, 0x08}) {
		if reader, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			if unpacked, err := io.ReadAll(io.LimitReader(reader, 64<<20)); err == nil {
				if where := search(unpacked, depth+1); where != "" {
					return "unpacked: " + where
				}
			}
		}
	}
	if decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content))); err == nil && len(decoded) > 0 {
		if where := search(decoded, depth+1); where != "" {
			return "decoded: " + where
		}
	}
	return ""
}

// TestSecretsAreFound tries the search itself.
func TestSecretsAreFound(t *testing.T) {
	t.Parallel()
	for name, value := range secrets() {
		if value == short {
			continue
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write([]byte(value))
		_ = w.Close()
		for way, text := range map[string]string{
			"plain": "a " + value, "base64": base64.StdEncoding.EncodeToString([]byte(value)), "in base64": base64.URLEncoding.EncodeToString([]byte("user:" + value + "!")),
			"quoted": fmt.Sprintf("%q", value), "ascii": strconv.QuoteToASCII(value), "query": url.QueryEscape(value), "hex": fmt.Sprintf("%x", value),
			"twice": base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(value)))), "bytes": fmt.Sprintf("%d", []byte(value)),
			"packed": packed.String(), "packed, in base64": base64.StdEncoding.EncodeToString(packed.Bytes()),
		} {
			if found([]byte(text)) == "" {
				t.Errorf("%s, %s: not found in %q", name, way, text)
			}
		}
	}
	if where := found([]byte("a needle, and bkVF")); where != "" {
		t.Errorf("found where there is none: %s", where)
	}
}
