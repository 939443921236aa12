#!/bin/sh
# Gives the cluster what is in /etc/kubernetes/bootstrap, and gives it again whenever it is run.
# Usage: kubernetes-bootstrap --server=URL
set -eu
server=$1
folder=/etc/kubernetes/bootstrap

# Why it is not ready is told by whoever ends the wait.
said=
trap 'echo "$said" >&2; exit 1' TERM
until said=$(kubectl get --raw=/readyz "$server" 2>&1); do sleep 1; done
trap - TERM

# Applies what people may have changed since: then it is theirs, and left as it is.
# Usage: offer FIELD-MANAGER MANIFEST
offer() {
    [ -e "$2" ] || return 0
    if said=$(kubectl apply --server-side --field-manager="$1" --filename="$2" "$server" 2>&1); then
        echo "$said"
        return
    fi
    case $said in
    *"Apply failed with "*" conflict"*)
        echo "$2 is not applied, because somebody has changed what it says:"
        echo "$said" | sed '/^Please review/,$d'
        ;;
    *)
        echo "$said" >&2
        return 1
        ;;
    esac
}

offer kthw $folder/defaults/coredns-corefile.yaml
# All else is kthw's: what somebody has changed is put right, not complained of.
kubectl apply --server-side --force-conflicts --field-manager=kthw --filename=$folder "$server"
# A manager of its own, so that the number is not taken back by the manifest that does not name it.
offer kthw-replicas $folder/defaults/coredns-replicas.yaml
