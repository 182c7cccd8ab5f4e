/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_engine_free: (a: number, b: number) => void;
export const __wbg_run_free: (a: number, b: number) => void;
export const engine_classify: (a: number, b: number, c: number, d: number, e: number) => any;
export const engine_info: (a: number) => [number, number, number];
export const engine_load: (a: number, b: any, c: number, d: number) => [number, number];
export const engine_new: () => number;
export const engine_start: (a: number, b: any) => [number, number, number];
export const rasterize: (a: number, b: number) => [number, number, number, number];
export const run_running: (a: number) => number;
export const run_step: (a: number) => any;
export const start: () => void;
export const wasm_bindgen__convert__closures_____invoke__h0bf075fa01c67f12: (a: number, b: number, c: any) => [number, number];
export const wasm_bindgen__convert__closures_____invoke__h34067ae4a0ff3f55: (a: number, b: number, c: any, d: any) => void;
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __wbindgen_exn_store: (a: number) => void;
export const __externref_table_alloc: () => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_destroy_closure: (a: number, b: number) => void;
export const __externref_table_dealloc: (a: number) => void;
export const __externref_drop_slice: (a: number, b: number) => void;
export const __wbindgen_start: () => void;
