#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# keys.sh DIR [rsa]: keys and certificates for the tests of verified launch, made
# anew for each run. NAME.key and NAME.pem in DIR; what each is good or bad
# for is said here.
set -eu
cd "$1"
rsa=${2:-}
cat >req.cnf <<END
[req]
distinguished_name = dn
[dn]
END

# issue NAME KIND ISSUER SUBJECT EXTENSION...; no issuer: by itself. KIND: a
# curve, or bits of RSA
issue() {
	name=$1 issuer=$3 subject=$4
	case $2 in
	P-*) kind="ec -pkeyopt ec_paramgen_curve:$2" ;;
	*) kind="rsa:$2" ;;
	esac
	shift 4
	set -- $(for extension; do
		printf -- '-addext %s ' "$extension"
	done)
	[ -z "$issuer" ] ||
		set -- "$@" -CA "$issuer.pem" -CAkey "$issuer.key"
	openssl req -x509 -config req.cnf -newkey $kind -nodes \
		-days 36500 -sha384 ${padding:-} -keyout "$name.key" \
		-out "$name.pem" -subj "/CN=$subject" "$@" 2>openssl.log || {
		cat openssl.log >&2
		exit 1
	}
}
ca=basicConstraints=critical,CA:TRUE
short=basicConstraints=critical,CA:TRUE,pathlen:0
end=basicConstraints=critical,CA:FALSE
signs=keyUsage=critical,digitalSignature
certs=keyUsage=critical,keyCertSign
code=extendedKeyUsage=codeSigning

issue root P-384 '' root $ca $certs
issue other P-256 '' other $ca $certs
# the same name, another key
issue twin P-384 '' root $ca $certs
issue middle P-256 root middle $short $certs
issue twinmiddle P-256 root middle $short $certs
issue leaf P-256 middle leaf $end $signs $code
issue leaf384 P-384 middle leaf384 $end $signs $code
# without issuers between
issue direct P-256 root direct $end $signs $code
# the quickest to check
issue quick P-256 other quick $end $signs $code

issue usage P-256 middle usage $end keyUsage=critical,keyEncipherment $code
issue nousage P-256 middle nousage $end $code
issue server P-256 middle server $end $signs extendedKeyUsage=serverAuth
issue any P-256 middle any $end $signs extendedKeyUsage=anyExtendedKeyUsage
issue nopurpose P-256 middle nopurpose $end $signs
# an authority that signs images itself
issue both P-256 root both $ca keyUsage=keyCertSign,digitalSignature $code
# middle may have no authority below it
issue low P-256 middle low $ca $certs
issue lowleaf P-256 low lowleaf $end $signs $code
# issued by one that is none
issue child P-256 leaf child $end $signs $code
# issued by an authority that may not issue
issue mute P-256 root mute $ca keyUsage=critical,cRLSign
issue muted P-256 mute muted $end $signs $code
# a root that allows nothing between
issue tight P-256 '' tight $short $certs
issue tightmiddle P-256 tight tightmiddle $ca $certs
issue tightleaf P-256 tightmiddle tightleaf $end $signs $code
# as long as a manifest's chain may be: deep, i3, i2, i1
issue i1 P-256 root i1 $ca $certs
issue i2 P-256 i1 i2 $ca $certs
issue i3 P-256 i2 i3 $ca $certs
issue deep P-256 i3 deep $end $signs $code

[ "$rsa" = rsa ] || exit 0
issue rsaroot 2048 '' rsaroot $ca $certs
issue rsaleaf 2048 rsaroot rsaleaf $end $signs $code
issue rsabig 4096 rsaroot rsabig $end $signs $code
issue mixed P-256 rsaroot mixed $end $signs $code
issue weak 1024 root weak $ca $certs
issue weakleaf P-256 weak weakleaf $end $signs $code
padding='-sigopt rsa_padding_mode:pss'
issue rsapss 2048 rsaroot rsapss $end $signs $code
