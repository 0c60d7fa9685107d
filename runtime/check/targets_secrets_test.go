// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestLoginNames expects names in the open to be told of targets, wherever they are.
func TestLoginNames(t *testing.T) {
	block := func(name string, fields ...score.Field) score.Field {
		return score.Field{Name: name, Argument: name, Value: score.Block{Constructor: name, Fields: fields}}
	}
	field := func(name string, value any) score.Field { return score.Field{Name: name, Argument: name, Value: value} }
	key := score.Secret{Source: score.SecretFromEnvironment, Name: "KEY"}
	for name, test := range map[string]struct {
		fields []score.Field
		want   []string
	}{
		"secrets": {[]score.Field{block("basic_auth", field("username", key)), field("enable_http2", true)}, nil},
		"strings": {
			[]score.Field{block("basic_auth", field("username", "me")), block("http_config", block("oauth2", field("client_id", "me")))},
			[]string{`target "x": basic_auth.username: got a string`, `target "x": http_config: oauth2.client_id: got a string`},
		},
	} {
		c := &checker{}
		c.loginNames(`target "x"`, test.fields, score.Origin{})
		if !slices.EqualFunc(c.list, test.want, func(d diag.Diagnostic, want string) bool { return strings.HasPrefix(d.Summary, want) }) {
			t.Errorf("%s: got %v, want %q", name, c.list, test.want)
		}
	}
}
