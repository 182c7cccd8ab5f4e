export type Backend = import("./protocol.js").Backend;
export type CallOptions = import("./protocol.js").CallOptions;
export type Progress = import("./protocol.js").Progress;
export type Connection = {
    backend: Backend;
    where: 'worker' | 'page';
    whereReason: string;
    implementation: string;
    version: string;
    call: (method: string, argument?: unknown, options?: CallOptions) => Promise<any>;
    /**
     * Sets how many seconds the engine may be silent while an
     * answer is due. Until this is called, an engine in a worker is pinged, so a call may take as long as it needs.
     */
    watch: (seconds: number) => void;
    close: () => void;
};
/**
 * @typedef {import("./protocol.js").Backend} Backend
 * @typedef {import("./protocol.js").CallOptions} CallOptions
 * @typedef {import("./protocol.js").Progress} Progress
 *
 * @typedef {object} Connection
 * @property {Backend} backend
 * @property {'worker' | 'page'} where
 * @property {string} whereReason
 * @property {string} implementation
 * @property {string} version
 * @property {(method: string, argument?: unknown, options?: CallOptions) => Promise<any>} call
 * @property {(seconds: number) => void} watch Sets how many seconds the engine may be silent while an
 *   answer is due. Until this is called, an engine in a worker is pinged, so a call may take as long as it needs.
 * @property {() => void} close
 */
/**
 * Starts an engine in a worker. Starts it in the page if no worker can be started, or if workers have no WebGPU but the
 * page does.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether to accept a software adapter.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.prefetch] Called while the engine opens, to load
 *   networks at the same time.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export declare function connect(backend: Backend, { software, onProgress: onEvent, prefetch, signal }?: {
    software?: boolean;
    onProgress?: (progress: Progress) => void;
    prefetch?: (call: Connection["call"]) => void;
    signal?: AbortSignal;
}): Promise<Connection>;
/** Starts fetching and compiling a CPU engine. The first `connect` uses it. */
export declare function startEarly(): void;
