//! The files of a crate, parsed: its modules, what each defines and imports, how long its functions are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A crate, by its modules.
pub struct Crate {
    /// The paths of its files, with what stands in each.
    pub files: Vec<SourceFile>,
    /// Every module by its path from the root: `["evidence", "roles"]`.
    pub modules: BTreeMap<Vec<String>, Module>,
}

/// One file.
pub struct SourceFile {
    /// From the project's root.
    pub path: String,
    /// The path of its module.
    pub module: Vec<String>,
    /// The file's tokens without code of tests, each between spaces.
    pub tokens: String,
    /// Name and number of lines of every function outside of tests.
    pub functions: Vec<(String, usize)>,
    /// The paths of more than one segment that it names, and the line of each.
    pub paths: Vec<(Vec<String>, usize)>,
}

/// One module, in a file of its own or inside of one.
#[derive(Default)]
pub struct Module {
    /// The file that defines its items.
    pub file: String,
    /// Names of the items that it defines, and whether each is hidden from the documentation.
    pub items: BTreeMap<String, bool>,
    /// Its child modules, and whether each is hidden from the documentation.
    pub children: BTreeMap<String, bool>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// One name that a `use` brings in.
pub struct Import {
    /// The name here; `*` for a glob.
    pub name: String,
    /// What it stands for.
    pub path: Vec<String>,
    /// True where it is passed on.
    pub is_reexport: bool,
    /// True where it is hidden from the documentation.
    pub is_hidden: bool,
    /// Its line.
    pub line: usize,
}

/// Reads a crate from its root file.
pub fn crate_of(root: &str) -> Crate {
    let mut found = Crate { files: Vec::new(), modules: BTreeMap::new() };
    found.add_file(Path::new(root), Vec::new());
    found
}

impl Crate {
    fn add_file(&mut self, path: &Path, module: Vec<String>) {
        let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(&full).unwrap_or_else(|e| panic!("{full:?}: {e}"));
        let mut parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{full:?}: {e}"));
        parsed.items.retain(|item| !is_for_tests(attributes(item)));
        let mut reader = Reader::default();
        reader.visit_file(&parsed);
        let name = path.display().to_string();
        self.files.push(SourceFile {
            path: name.clone(),
            module: module.clone(),
            tokens: flat_tokens(&parsed),
            functions: reader.functions,
            paths: reader.paths,
        });
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") => path.parent().unwrap().to_path_buf(),
            _ => path.with_extension(""),
        };
        self.add_items(&parsed.items, &name, &folder, module);
    }

    fn add_items(&mut self, items: &[Item], file: &str, folder: &Path, module: Vec<String>) {
        let mut this = Module { file: file.to_owned(), ..Module::default() };
        let mut below = Vec::new();
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            let hidden = is_hidden(attributes(item));
            match item {
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    // A build without a feature has another file in its place.
                    if this.children.insert(name, hidden).is_none() {
                        below.push(child.clone());
                    }
                }
                Item::Use(import) => this.imports.extend(imports(import)),
                other => {
                    if let Some(name) = name_of(other) {
                        this.items.insert(name, hidden);
                    }
                }
            }
        }
        self.modules.insert(module.clone(), this);
        for child in below {
            let mut path = module.clone();
            path.push(child.ident.to_string());
            let inside = folder.join(child.ident.to_string());
            if let Some((_, items)) = &child.content {
                self.add_items(items, file, &inside, path);
                continue;
            }
            let named = attribute_path(&child.attrs).map(|name| folder.join(name));
            let candidates =
                [named, Some(inside.with_extension("rs")), Some(inside.join("mod.rs"))];
            let is_file =
                |path: &PathBuf| Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists();
            let found = candidates.into_iter().flatten().find(is_file);
            self.add_file(&found.unwrap_or_else(|| panic!("no file for {path:?}")), path);
        }
    }
}

/// Collects functions and paths.
#[derive(Default)]
struct Reader {
    functions: Vec<(String, usize)>,
    paths: Vec<(Vec<String>, usize)>,
}

impl Reader {
    fn function(&mut self, name: &syn::Ident, whole: proc_macro2::Span, start: proc_macro2::Span) {
        self.functions.push((name.to_string(), whole.end().line + 1 - start.start().line));
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig.ident, function.span(), function.sig.span());
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig.ident, function.span(), function.sig.span());
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_use(&mut self, _: &'ast ItemUse) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|s| s.ident.to_string()).collect();
            self.paths.push((segments, path.span().start().line));
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.tokens(found.tokens.clone());
        syn::visit::visit_macro(self, found);
    }
}

impl Reader {
    /// Paths in a macro's tokens, which no parser knows the meaning of.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut line = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(name) if colons == 2 && !path.is_empty() => {
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.end_of_path(&mut path, line);
                    colons = 0;
                    match other {
                        TokenTree::Ident(name) => {
                            line = name.span().start().line;
                            path.push(name.to_string());
                        }
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.end_of_path(&mut path, line);
    }

    fn end_of_path(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.paths.push((path, line));
        }
    }
}

fn imports(item: &ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let is_reexport = !matches!(item.vis, Visibility::Inherited);
    let mut open = vec![(Vec::new(), &item.tree)];
    while let Some((path, tree)) = open.pop() {
        let mut add = |name: String, path: Vec<String>, line| {
            let is_hidden = is_hidden(&item.attrs);
            found.push(Import { name, path, is_reexport, is_hidden, line });
        };
        let line = tree.span().start().line;
        let with = |name: &syn::Ident| [path.clone(), vec![name.to_string()]].concat();
        match tree {
            UseTree::Path(part) => open.push((with(&part.ident), &part.tree)),
            UseTree::Group(group) => open.extend(group.items.iter().map(|t| (path.clone(), t))),
            UseTree::Name(name) if name.ident == "self" => {
                add(path.last().unwrap().clone(), path.clone(), line);
            }
            UseTree::Name(name) => add(name.ident.to_string(), with(&name.ident), line),
            UseTree::Rename(name) => add(name.rename.to_string(), with(&name.ident), line),
            UseTree::Glob(_) => add("*".into(), path.clone(), line),
        }
    }
    found
}

fn flat_tokens(file: &syn::File) -> String {
    use quote::ToTokens;
    let mut text = String::from(" ");
    let mut open = vec![file.to_token_stream().into_iter()];
    while let Some(stream) = open.last_mut() {
        match stream.next() {
            None => drop(open.pop()),
            Some(proc_macro2::TokenTree::Group(group)) => open.push(group.stream().into_iter()),
            Some(proc_macro2::TokenTree::Punct(mark)) => {
                text.push(mark.as_char());
                if mark.spacing() == proc_macro2::Spacing::Alone {
                    text.push(' ');
                }
            }
            Some(proc_macro2::TokenTree::Literal(_)) => {}
            Some(other) => text += &format!("{other} "),
        }
    }
    text
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    use quote::ToTokens;
    attributes.iter().filter(|a| a.path().is_ident("cfg")).any(|a| {
        let condition = a.meta.to_token_stream().to_string().replace(' ', "");
        condition == "cfg(test)" || condition.contains("\"testkit\"")
    })
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    use quote::ToTokens;
    let mut docs = attributes.iter().filter(|a| a.path().is_ident("doc"));
    docs.any(|a| a.meta.to_token_stream().to_string().contains("hidden"))
}

fn attribute_path(attributes: &[Attribute]) -> Option<String> {
    let path = attributes.iter().find(|a| a.path().is_ident("path"))?;
    let syn::Meta::NameValue(pair) = &path.meta else { return None };
    let syn::Expr::Lit(value) = &pair.value else { return None };
    match &value.lit {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(i) => &i.ident,
        Item::Enum(i) => &i.ident,
        Item::Fn(i) => &i.sig.ident,
        Item::Macro(i) => i.ident.as_ref()?,
        Item::Static(i) => &i.ident,
        Item::Struct(i) => &i.ident,
        Item::Trait(i) => &i.ident,
        Item::Type(i) => &i.ident,
        Item::Union(i) => &i.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Every file of code or text below a folder.
pub fn text_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder);
        for entry in std::fs::read_dir(full).unwrap().flatten() {
            let path = folder.join(entry.file_name());
            let is_data = entry.file_name() == "testdata";
            if entry.file_type().unwrap().is_dir() {
                if !is_data {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs" || e == "js" || e == "css") {
                found.push(path);
            }
        }
    }
    found
}
