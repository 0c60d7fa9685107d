// SPDX-License-Identifier: Apache-2.0

package alertmanagerconfig_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"

	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestGaps lists everything in Alertmanager's own configuration that an AlertmanagerConfig cannot say. The list is
// a golden file: an update of either library that changes it is to be looked at, because a name that is merely
// spelt in another way shows up here and belongs into the table of irregular names.
func TestGaps(t *testing.T) {
	files.Check(t, "gaps.txt", gaps(v2()))
	files.Check(t, "gaps_rhobs.txt", gaps(alertmanagerconfig.New(alertmanagerconfig.RHOBS(score.V3RHOB))))
}

func gaps(sender *alertmanagerconfig.Sender) []byte {
	var b bytes.Buffer
	receiver := reflect.TypeFor[config.Receiver]()
	for i := range receiver.NumField() {
		integration, ok := strings.CutSuffix(yamlName(receiver.Field(i)), "_configs")
		if !ok {
			continue
		}
		missing := []string{}
		for _, setting := range settings(receiver.Field(i).Type.Elem().Elem()) {
			for _, problem := range sender.Check(channel(integration, secret(setting))) {
				switch problem.Code {
				case "unsupported-channel":
					missing = []string{"all of it"}
				case "unsupported-setting":
					missing = append(missing, setting)
				}
			}
		}
		if len(missing) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", integration, strings.Join(slices.Compact(missing), ", "))
		}
	}
	return b.Bytes()
}

func settings(structure reflect.Type) []string {
	var names []string
	for i := range structure.NumField() {
		f := structure.Field(i)
		if f.Anonymous {
			names = append(names, settings(f.Type)...)
		} else if name := yamlName(f); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}
