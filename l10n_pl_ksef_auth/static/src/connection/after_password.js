/**
 * Calls a method of the server that may want the user's password first: it
 * returns `confirm` then, the action that asks.
 *
 * @param action Odoo's action service
 * @param {() => Promise<Object>} call
 * @returns {Promise<Object>} the answer; with `confirm` if the password was not given
 */
export async function afterPassword(action, call) {
    const answer = await call();
    if (!answer.confirm) {
        return answer;
    }
    await new Promise((resolve) => action.doAction(answer.confirm, { onClose: resolve }));
    return call();
}
