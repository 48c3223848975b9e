"""Where files come in and go out: reading documents, cutting them into passages, writing datasets.

`readers` turns a folder into documents, `chunking` a document into passages, `writers` a row into a line of a
dataset, and `atomic` puts a finished file in its place. One format per file, each listed in the table of its
package. Nothing here knows of steps, models or runs: what is wrong with a file is handed back as data.
"""
