/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and events between partitions (TLFS 11.5, 11.6): along the channels
 * that the spec declares, and no others. A message is copied into its
 * channel's own buffers; the receiver's LP takes it from there to the slot. So
 * a sender's call never waits for a receiver, and a receiver is disturbed only
 * by the first message that finds the buffers empty: its own EOM sets the pace.
 */
#include "abi/hypercall.h"
#include "core/channel_state.h"
#include "core/partition.h"
#include "guest/synic.h"
#include "lib/bits.h"
#include "lib/string.h"

/* Place in channel_configs[] of one of the sender's, or channel_count. */
static uint32_t message_find(const struct vp *vp, uint32_t connection)
{
	const struct partition_config *config = partition_config(vp->partition);
	uint32_t end = config->channel_first + config->channel_count;

	for (uint32_t i = config->channel_first; i < end; i++) {
		if (channel_configs[i].connection == connection) {
			return i;
		}
	}
	return channel_count;
}

static bool message_is_open(const struct vp *receiver)
{
	return partition_table[receiver->partition].state == PARTITION_RUNNING;
}

/*
 * Under the channel's lock: a receiver that is reset takes it after its
 * SynIC was switched off.
 */
static uint16_t message_put(const struct channel_config *channel,
			    struct channel_state *state,
			    const struct hv_post_message *input)
{
	struct vp *receiver = &vp_table[channel->vp];
	struct hv_message *message;

	if (!message_is_open(receiver)) {
		return HV_STATUS_INVALID_PORT_ID;
	}
	if (!synic_takes_messages(receiver)) {
		return HV_STATUS_INVALID_SYNIC_STATE;
	}
	if (state->count == CHANNEL_DEPTH) {
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	}
	message = &state->messages[(state->first + state->count) %
				   CHANNEL_DEPTH];
	message->type = input->type;
	message->payload_size = (uint8_t)input->payload_size;
	message->origination = channel->port;
	memcpy(message->payload, input->payload, input->payload_size);
	if (state->count++ == 0) {
		vp_request(receiver, VP_REQUEST_SYNIC);
	}
	return HV_STATUS_SUCCESS;
}

uint16_t message_post(const struct vp *vp, const struct hv_post_message *input)
{
	uint32_t i = message_find(vp, input->connection);
	uint16_t status;

	if (i == channel_count) {
		return HV_STATUS_INVALID_CONNECTION_ID;
	}
	if (channel_configs[i].kind != CHANNEL_MESSAGES) {
		return HV_STATUS_INVALID_PORT_ID;
	}
	if (input->reserved != 0 || input->type == 0 ||
	    (input->type & HV_MESSAGE_OF_HYPERVISOR) != 0 ||
	    input->payload_size > HV_MESSAGE_PAYLOAD_MAX) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	spinlock_take(&channel_states[i].lock);
	status = message_put(&channel_configs[i], &channel_states[i], input);
	spinlock_give(&channel_states[i].lock);
	return status;
}

uint16_t message_signal(const struct vp *vp,
			const struct hv_signal_event *input)
{
	uint32_t i = message_find(vp, input->connection);
	const struct channel_config *channel = &channel_configs[i];
	uint16_t status = HV_STATUS_SUCCESS;
	struct vp *receiver;

	if (i == channel_count) {
		return HV_STATUS_INVALID_CONNECTION_ID;
	}
	if (channel->kind != CHANNEL_EVENTS) {
		return HV_STATUS_INVALID_PORT_ID;
	}
	if (input->reserved != 0 || input->flag >= channel->flag_count) {
		return HV_STATUS_INVALID_PARAMETER;
	}
	receiver = &vp_table[channel->vp];
	spinlock_take(&channel_states[i].lock);
	if (!message_is_open(receiver)) {
		status = HV_STATUS_INVALID_PORT_ID;
	} else if (!synic_set_flag(receiver, channel->sint,
				   channel->flag_first +
				   index_mask(input->flag,
					      channel->flag_count))) {
		status = HV_STATUS_INVALID_SYNIC_STATE;
	}
	spinlock_give(&channel_states[i].lock);
	return status;
}

/* What is at the head stays there until it has its slot: only we take it. */
bool message_deliver(struct vp *vp, uint32_t channel, unsigned *left)
{
	struct channel_state *state = &channel_states[channel];
	struct hv_message *message;
	bool more;

	/* The sender of what comes now will ask for another look. */
	if (__atomic_load_n(&state->count, __ATOMIC_SEQ_CST) == 0) {
		return false;
	}
	spinlock_take(&state->lock);
	more = state->count != 0;
	if (more) {
		message = &state->messages[state->first];
		message->flags = state->count > 1 ? HV_MESSAGE_PENDING : 0;
		if (synic_try_slot(vp, channel_configs[channel].sint,
				   message)) {
			state->first = (state->first + 1) % CHANNEL_DEPTH;
			state->count--;
			--*left;
			more = state->count != 0;
		}
	}
	spinlock_give(&state->lock);
	return more;
}

void message_reset(const struct vp *vp)
{
	for (uint32_t i = 0; i < channel_count; i++) {
		if (channel_configs[i].vp == vp->index) {
			spinlock_take(&channel_states[i].lock);
			channel_states[i].first = 0;
			channel_states[i].count = 0;
			spinlock_give(&channel_states[i].lock);
		}
	}
}
