// SPDX-License-Identifier: Apache-2.0

// This file reads which receivers an operator has put into an Alertmanager's configuration.

package status

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// generatedConfiguration is where prometheus-operator and its forks keep the configuration that they make.
const generatedConfiguration = "alertmanager.yaml.gz"

// configurationUpTo bounds how much is unpacked. A Secret holds up to 1 MiB, which can be a gigabyte.
const configurationUpTo = 64 << 20

// Receivers returns the names of the receivers in the configuration that prometheus-operator, or a fork of
// it, made for the Alertmanager of that name, in their order there: "<namespace>/<AlertmanagerConfig>/<receiver>"
// for those of AlertmanagerConfigs. Without such a configuration, because the Alertmanager is new or unknown,
// the result is nil. Alertmanager loads a new configuration a moment after it is here.
//
// The configuration holds secrets, so neither it nor any part of it but the names gets into results and errors.
// Errors of the client are wrapped.
func Receivers(ctx context.Context, client Getter, namespace, alertmanager string) ([]string, error) {
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: "alertmanager-" + alertmanager + "-generated"}
	secret, err := client.Get(ctx, id)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("receivers of Alertmanager %s/%s: %w", namespace, alertmanager, err)
	}
	names, err := receiversIn(textField(secret.Object, "data", generatedConfiguration))
	if err != nil {
		return nil, fmt.Errorf("receivers of Alertmanager %s/%s: %s: %s: %w", namespace, alertmanager, id, generatedConfiguration, err)
	}
	return names, nil
}

var (
	errNoConfiguration = errors.New("got nothing, want a compressed Alertmanager configuration")
	errNotBase64       = errors.New("got something else, want base64")
	errNotYAML         = errors.New("got something else, want the YAML of an Alertmanager configuration")
	errTooBig          = fmt.Errorf("got more than %d MiB, want less", configurationUpTo>>20)
)

// receiversIn unpacks a configuration. Errors of decoders of text are not wrapped, because they quote it.
func receiversIn(encoded string) ([]string, error) {
	if encoded == "" {
		return nil, errNoConfiguration
	}
	compressed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errNotBase64
	}
	unpacker, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(unpacker, configurationUpTo+1))
	if err != nil {
		return nil, err
	}
	if len(text) > configurationUpTo {
		return nil, errTooBig
	}
	var configuration struct {
		Receivers []struct {
			Name string `json:"name"`
		} `json:"receivers"`
	}
	if err := yaml.Unmarshal(text, &configuration); err != nil {
		return nil, errNotYAML
	}
	names := make([]string, 0, len(configuration.Receivers))
	for _, receiver := range configuration.Receivers {
		names = append(names, receiver.Name)
	}
	return names, nil
}
