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
     * How many seconds it may be silent while an answer is due. Until
     * this is called, an engine in a worker is pinged, so that a call may take as long as it needs.
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
 * @property {(seconds: number) => void} watch How many seconds it may be silent while an answer is due. Until
 *   this is called, an engine in a worker is pinged, so that a call may take as long as it needs.
 * @property {() => void} close
 */
/**
 * Starts an engine in a worker; or in the page, where no worker can be started or workers lack WebGPU and the
 * page has it.
 *
 * @param {Backend} backend
 * @param {object} [options]
 * @param {boolean} [options.software] Whether a software adapter will do.
 * @param {(progress: Progress) => void} [options.onProgress]
 * @param {(call: Connection["call"]) => void} [options.meanwhile] Called while the engine opens, to fetch things at the same time.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Connection>}
 */
export declare function connect(backend: Backend, { software, onProgress: onEvent, meanwhile, signal }?: {
    software?: boolean;
    onProgress?: (progress: Progress) => void;
    meanwhile?: (call: Connection["call"]) => void;
    signal?: AbortSignal;
}): Promise<Connection>;
/** Fetches and compiles a CPU engine in advance; the first `connect` gets it. */
export declare function startAhead(): void;
