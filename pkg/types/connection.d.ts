export type Backend = import("./protocol.js").Backend;
export type Port = import("./protocol.js").Port;
export type Progress = import("./protocol.js").Progress;
export type Connection = {
    backend: Backend;
    where: 'worker' | 'page';
    whereReason: string;
    implementation: string;
    version: string;
    call: (method: string, argument?: unknown, options?: CallOptions) => Promise<any>;
    /**
     * How many seconds it may be silent while it is asked something. Until
     * this is called it is asked every few seconds whether it is still there, so that it may wait for as long as it must.
     */
    watch: (patience: number) => void;
    close: () => void;
};
export type CallOptions = {
    signal?: AbortSignal;
    onEvent?: (event: any) => void;
};
/**
 * @typedef {import("./protocol.js").Backend} Backend
 * @typedef {import("./protocol.js").Port} Port
 * @typedef {import("./protocol.js").Progress} Progress
 *
 * @typedef {object} Connection
 * @property {Backend} backend
 * @property {'worker' | 'page'} where
 * @property {string} whereReason
 * @property {string} implementation
 * @property {string} version
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call
 * @property {(patience: number) => void} watch How many seconds it may be silent while it is asked something. Until
 *   this is called it is asked every few seconds whether it is still there, so that it may wait for as long as it must.
 * @property {() => void} close
 *
 * @typedef {{ signal?: AbortSignal, onEvent?: (event: any) => void }} CallOptions
 */
/**
 * Starts an engine in a worker; or in the page, where no worker can be made or the worker is not
 * given what the engine needs and the page is.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether an adapter will do that is a program.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.meanwhile] Has it fetch things while it opens.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export declare function connect(backend: Backend, { software, onProgress: onEvent, meanwhile, signal }?: {
    software?: boolean;
    onProgress?: (progress: Progress) => void;
    meanwhile?: (call: Connection["call"]) => void;
    signal?: AbortSignal;
}): Promise<Connection>;
export type Spoken = {
    where: 'worker' | 'page';
    whereReason: string;
    speech: ReturnType<typeof speak>;
};
/** Has a CPU engine fetched and compiled before anybody asks for one; the first `connect` gets it. */
export declare function startAhead(): void;
/**
 * Calls over a port, and their answers.
 *
 * @param {Port} port
 * @param {() => void} end
 */
declare function speak(port: Port, end: () => void): {
    call: (method: string, argument?: unknown, { signal, onEvent }?: CallOptions) => Promise<any>;
    fail: (error: Error) => void;
    watch: (seconds: number, ask?: () => void) => void;
    close: () => void;
};
export {};
