#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Copies the manifests in a folder of a pinned module: copy-manifests.sh GO_MOD_FOLDER MODULE SOURCE TARGET
#
# SOURCE is a folder inside the module, or one YAML file; TARGET is a folder, or a file if SOURCE is one.
set -eu

go_mod_folder=$1 module=$2 source=$3 target=$4

cd "$go_mod_folder"
${GO:-go} mod download "$module"
from=$(${GO:-go} list -m -f '{{.Dir}}' "$module")/$source

# What the module cache holds is read-only; `cat` makes files with the user's own permissions.
if [ -f "$from" ]; then
	mkdir -p "$(dirname "$target")"
	cat "$from" >"$target"
	exit
fi
mkdir -p "$target"
for file in "$from"/*.yaml; do
	name=$(basename "$file")
	[ "$name" = kustomization.yaml ] || cat "$file" >"$target/$name"
done
