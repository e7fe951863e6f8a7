"""The training of Peng et al. (EmoTalk, ICCV 2023): faces rebuilt from the words of one recording
and the feeling of another.

    settings   a run's toml file
    store      features of the frozen front end, once for all runs
    align      which frame of one recording says what a frame of another says
    batches    pairs of takes, padded
    emotalk    the network's halves at the front end's size, and its losses
    loop       steps, processes, precision, checkpoints: the same for every network
    run_folder what a run leaves behind
"""
