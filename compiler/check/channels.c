/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of channels: who may send what to whom, and by which numbers. */
#include "check/check.h"

#define ID_MAX 0xffffffu		/* ids have 24 bits (TLFS 11.4) */
#define FLAG_COUNT 2048u
#define CONNECTION_MAX 32u		/* the hypervisor's search is bounded */
#define PRIVILEGE_SYNIC (1ull << 2)
#define PRIVILEGE_HYPERCALL_MSRS (1ull << 5)
#define PRIVILEGE_POST_MESSAGES (1ull << 36)
#define PRIVILEGE_SIGNAL_EVENTS (1ull << 37)

/* Do the references lead anywhere? read/ has complained if not. */
static bool is_whole(const struct model_channel *c)
{
	return c->from != MODEL_NONE && c->to != MODEL_NONE;
}

static bool same_sint(const struct model_channel *a,
		      const struct model_channel *b)
{
	return a->to == b->to && a->vp.v == b->vp.v && a->sint.v == b->sint.v;
}

void check_channel_self(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];
		struct diag *diag;

		if (!is_whole(c) || c->from != c->to) {
			continue;
		}
		diag = diag_error("channel-self", c->to_at, "channel \"%s\" "
				  "leads from %s to itself", c->name,
				  model->partitions[c->to].name);
		diag_note(diag, c->from_at, "it comes from here");
		diag_fix(diag, "name another partition");
	}
}

void check_channel_vp(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];
		const struct model_partition *p;
		struct diag *diag;

		if (!is_whole(c)) {
			continue;
		}
		p = &model->partitions[c->to];
		if (c->vp.v < p->vp_count) {
			continue;
		}
		diag = diag_error("channel-vp", c->vp.set ? c->vp.at : c->at,
				  "channel \"%s\": %s has no VP %llu", c->name,
				  p->name, (unsigned long long)c->vp.v);
		diag_note(diag, p->vps_at, "%s has %u", p->name, p->vp_count);
		diag_fix(diag, "VPs are numbered from 0");
	}
}

void check_channel_sint(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];
		struct diag *diag;

		if (!c->sint.set ||
		    (c->sint.v != 0 && c->sint.v < SINT_COUNT)) {
			continue;
		}
		diag = diag_error("channel-sint", c->sint.at,
				  "channel \"%s\" cannot use SINT %llu",
				  c->name, (unsigned long long)c->sint.v);
		diag_fix(diag, "use 1 to 15; SINT 0 is the hypervisor's");
	}
}

static void refuse_sint(const struct model_channel *c,
			const struct model_channel *rival, const char *why,
			const char *fix)
{
	struct diag *diag;

	diag = diag_error("channel-sint-twice", c->sint.at, "channel \"%s\" "
			  "uses SINT %llu, which has %s", c->name,
			  (unsigned long long)c->sint.v, why);
	diag_note(diag, rival->sint.at, "\"%s\" uses it", rival->name);
	diag_fix(diag, "%s", fix);
}

void check_channel_sint_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		for (j = 0; j < i; j++) {
			const struct model_channel *r = &model->channels[j];

			if (!is_whole(c) || !is_whole(r) ||
			    !same_sint(c, r) ||
			    diag_has_error_at(c->sint.at)) {
				continue;
			}
			if (c->from != r->from) {
				refuse_sint(c, r, "another sender",
					    "one could slow the other: use "
					    "another SINT, or another VP");
			} else if (c->kind == CHANNEL_MESSAGES &&
				   r->kind == CHANNEL_MESSAGES) {
				refuse_sint(c, r, "a channel of messages "
					    "already", "a SINT has one slot "
					    "for them: use another SINT");
			}
		}
	}
}

static void check_id(const struct model_channel *c, const char *what,
		     const struct num *id)
{
	struct diag *diag;

	if (!id->set || (id->v != 0 && id->v <= ID_MAX) ||
	    diag_has_error_at(id->at)) {
		return;
	}
	diag = diag_error("channel-id", id->at, "channel \"%s\": %#llx is no "
			  "id of a %s", c->name, (unsigned long long)id->v,
			  what);
	diag_fix(diag, "use 1 to 0xffffff");
}

void check_channel_id(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		check_id(&model->channels[i], "connection",
			 &model->channels[i].connection);
		check_id(&model->channels[i], "port",
			 &model->channels[i].port);
	}
}

static void check_ids(const struct model *model, const char *what,
		      const struct model_channel *c, uint32_t owner,
		      const struct num *id, const struct model_channel *r,
		      uint32_t other, const struct num *rival)
{
	struct diag *diag;

	if (owner != other || id->v != rival->v || !id->set || !rival->set ||
	    diag_has_error_at(id->at)) {
		return;
	}
	diag = diag_error("channel-id-twice", id->at, "channel \"%s\": %s "
			  "%#llx of %s is taken", c->name, what,
			  (unsigned long long)id->v,
			  model->partitions[owner].name);
	diag_note(diag, rival->at, "\"%s\" has it", r->name);
	diag_fix(diag, "use another number for the %s", what);
}

void check_channel_id_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		for (j = 0; j < i; j++) {
			const struct model_channel *r = &model->channels[j];

			if (!is_whole(c) || !is_whole(r)) {
				continue;
			}
			check_ids(model, "connection", c, c->from,
				  &c->connection, r, r->from, &r->connection);
			check_ids(model, "port", c, c->to, &c->port, r, r->to,
				  &r->port);
		}
	}
}

void check_channel_flags(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];
		bool events = c->kind == CHANNEL_EVENTS;
		struct diag *diag;

		if (events == c->has_flags &&
		    (!events || (c->flag_first <= c->flag_last &&
				 c->flag_last < FLAG_COUNT))) {
			continue;
		}
		diag = diag_error("channel-flags", c->flags_at, !events ?
				  "channel \"%s\" of messages has event "
				  "flags" : c->has_flags ?
				  "channel \"%s\": no range of event flags" :
				  "channel \"%s\" of events has no flags",
				  c->name);
		diag_fix(diag, events ? "write flags = <first last>, both "
			 "included, up to 2047" : "remove \"flags\", or make "
			 "the kind \"events\"");
	}
}

void check_channel_flags_twice(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];

		for (j = 0; j < i; j++) {
			const struct model_channel *r = &model->channels[j];
			struct diag *diag;

			if (!is_whole(c) || !same_sint(c, r) ||
			    !c->has_flags || !r->has_flags ||
			    c->flag_first > r->flag_last ||
			    r->flag_first > c->flag_last ||
			    diag_has_error_at(c->flags_at)) {
				continue;
			}
			diag = diag_error("channel-flags-twice", c->flags_at,
					  "channel \"%s\" has flags %u to %u, "
					  "which \"%s\" has", c->name,
					  c->flag_first, c->flag_last,
					  r->name);
			diag_note(diag, r->flags_at, "\"%s\" has %u to %u",
				  r->name, r->flag_first, r->flag_last);
			diag_fix(diag, "make them disjoint, or use another "
				 "SINT");
		}
	}
}

static void check_privilege(const struct model_channel *c,
			    const struct model_partition *p, struct loc at,
			    uint64_t privilege, const char *word)
{
	struct diag *diag;

	/* What lacks its profile lacks all, and has been refused. */
	if ((p->policy.privileges.v & privilege) != 0 ||
	    (p->profile == MODEL_NONE && !p->policy.privileges.set)) {
		return;
	}
	diag = diag_error("channel-privilege", at, "channel \"%s\": %s lacks "
			  "the privilege \"%s\"", c->name, p->name, word);
	diag_note(diag, p->policy.privileges.set ? p->policy.privileges.at :
		  p->at, "%s has its privileges here", p->name);
	diag_fix(diag, "add the word to its \"tlfs\"");
}

void check_channel_privilege(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->channel_count; i++) {
		const struct model_channel *c = &model->channels[i];
		bool events = c->kind == CHANNEL_EVENTS;

		if (!is_whole(c)) {
			continue;
		}
		check_privilege(c, &model->partitions[c->from], c->from_at,
				events ? PRIVILEGE_SIGNAL_EVENTS :
				PRIVILEGE_POST_MESSAGES, events ?
				"signal-events" : "post-messages");
		/* Without a hypercall page its calls are #UD. */
		check_privilege(c, &model->partitions[c->from], c->from_at,
				PRIVILEGE_HYPERCALL_MSRS, "hypercall-msrs");
		check_privilege(c, &model->partitions[c->to], c->to_at,
				PRIVILEGE_SYNIC, "synic");
	}
}

void check_channel_count(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		uint32_t count = 0;
		struct diag *diag;

		for (j = 0; j < model->channel_count; j++) {
			if (model->channels[j].from != i ||
			    ++count != CONNECTION_MAX + 1) {
				continue;
			}
			diag = diag_error("channel-count",
					  model->channels[j].from_at,
					  "%s has more than %u channels to "
					  "send on", model->partitions[i].name,
					  CONNECTION_MAX);
			diag_fix(diag, "use event flags of one channel");
		}
	}
}
