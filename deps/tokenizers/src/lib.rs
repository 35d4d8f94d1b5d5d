//! The C interface of bwtok.h; what each function promises stands there.

use std::ffi::{c_char, c_int, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::slice;

use tokenizers::{PaddingParams, Tokenizer, TruncationParams};

#[repr(C)]
pub struct Encoding {
    length: usize,
    ids: *mut u32,
    attention_mask: *mut u32,
    type_ids: *mut u32,
}

/// Runs `work`; a panic or an error becomes a text in `*error`.
unsafe fn guarded<T>(error: *mut *mut c_char, work: impl FnOnce() -> tokenizers::Result<T>) -> Option<T> {
    let message = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(e)) => e.to_string(),
        Err(_) => "the tokenizer library failed on this input".to_string(),
    };
    if !error.is_null() {
        *error = to_c(&message);
    }
    None
}

fn to_c(text: &str) -> *mut c_char {
    CString::new(text.replace('\0', "\u{fffd}")).map_or(std::ptr::null_mut(), CString::into_raw)
}

unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 { &[] } else { slice::from_raw_parts(data, size) }
}

fn leak(values: &[u32]) -> *mut u32 {
    Box::into_raw(values.to_vec().into_boxed_slice()) as *mut u32
}

unsafe fn unleak(values: *mut u32, length: usize) {
    if !values.is_null() {
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(values, length)));
    }
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_create(json: *const u8, size: usize, error: *mut *mut c_char) -> *mut Tokenizer {
    let made = guarded(error, || {
        let mut tokenizer = Tokenizer::from_bytes(bytes(json, size))?;
        tokenizer.with_truncation(None::<TruncationParams>)?;
        tokenizer.with_padding(None::<PaddingParams>);
        Ok(tokenizer)
    });
    made.map_or(std::ptr::null_mut(), |tokenizer| Box::into_raw(Box::new(tokenizer)))
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_free(tokenizer: *mut Tokenizer) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_encode(
    tokenizer: *const Tokenizer,
    text: *const u8,
    size: usize,
    add_special_tokens: c_int,
    out: *mut Encoding,
    error: *mut *mut c_char,
) -> c_int {
    let none = std::ptr::null_mut();
    *out = Encoding { length: 0, ids: none, attention_mask: none, type_ids: none };
    let encoded = guarded(error, || {
        let text = std::str::from_utf8(bytes(text, size))?;
        (*tokenizer).encode_fast(text, add_special_tokens != 0)
    });
    let Some(encoding) = encoded else { return 1 };
    *out = Encoding {
        length: encoding.len(),
        ids: leak(encoding.get_ids()),
        attention_mask: leak(encoding.get_attention_mask()),
        type_ids: leak(encoding.get_type_ids()),
    };
    0
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_encoding_free(encoding: *mut Encoding) {
    let e = &mut *encoding;
    for values in [&mut e.ids, &mut e.attention_mask, &mut e.type_ids] {
        unleak(std::mem::replace(values, std::ptr::null_mut()), e.length);
    }
    e.length = 0;
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_vocab_size(tokenizer: *const Tokenizer) -> usize {
    (*tokenizer).get_vocab_size(true)
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_token_to_id(tokenizer: *const Tokenizer, token: *const u8, size: usize) -> i64 {
    match std::str::from_utf8(bytes(token, size)) {
        Ok(token) => (*tokenizer).token_to_id(token).map_or(-1, i64::from),
        Err(_) => -1,
    }
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_id_to_token(tokenizer: *const Tokenizer, id: u32) -> *mut c_char {
    (*tokenizer).id_to_token(id).map_or(std::ptr::null_mut(), |token| to_c(&token))
}

#[no_mangle]
pub unsafe extern "C" fn bwtok_string_free(text: *mut c_char) {
    if !text.is_null() {
        drop(CString::from_raw(text));
    }
}
