// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

func TestHoldsFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, owned, sent, live string
		equal                   func(a, b any) bool
		want                    bool
	}{
		{"same", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1"}}`, `{"data":{"a":"1"}}`, nil, true},
		{"others beside", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1"}}`, `{"data":{"a":"1","b":"2"}}`, nil, true},
		{"another value", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1"}}`, `{"data":{"a":"2"}}`, nil, false},
		{"gone", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1"}}`, `{"data":{}}`, nil, false},
		{"nothing there", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1"}}`, `{}`, nil, false},
		{"others in a map that is taken as a whole", `{"f:selector":{}}`, `{"selector":{"a":"1"}}`, `{"selector":{"a":"1","b":"2"}}`, nil, false},
		{"a list in another order", `{"f:l":{}}`, `{"l":["a","b"]}`, `{"l":["b","a"]}`, nil, false},
		{"not owned, as after a drop", `{"f:data":{"f:a":{}}}`, `{"stringData":{"a":"1"}}`, `{"stringData":{"a":"1"}}`, nil, false},
		{"a type", `{"f:a":{}}`, `{"a":"1"}`, `{"a":1}`, nil, false},
		{"text that looks like a quantity", `{"f:data":{"f:a":{}}}`, `{"data":{"a":"1000m"}}`, `{"data":{"a":"1"}}`, nil, false},
		{"quantities", `{"f:hard":{"f:cpu":{}}}`, `{"hard":{"cpu":"1000m"}}`, `{"hard":{"cpu":"1"}}`, equalQuantities, true},
		{"other quantities", `{"f:hard":{"f:cpu":{}}}`, `{"hard":{"cpu":"1000m"}}`, `{"hard":{"cpu":"2"}}`, equalQuantities, false},
		{"quantities in a list", `{"f:limits":{}}`, `{"limits":[{"max":{"cpu":"1000m"}}]}`, `{"limits":[{"max":{"cpu":"1"}}]}`, equalQuantities, true},
		{"more in a list", `{"f:limits":{}}`, `{"limits":[{"max":{"cpu":"1"}}]}`, `{"limits":[{"max":{"cpu":"1","memory":"1"}}]}`, equalQuantities, false},
	} {
		var owned fieldpath.Set
		if err := owned.FromJSON(strings.NewReader(c.owned)); err != nil {
			t.Fatal(err)
		}
		equal := c.equal
		if equal == nil {
			equal = reflect.DeepEqual
		}
		if got := holdsFields(&owned, decode(t, c.sent), decode(t, c.live), equal); got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
}
