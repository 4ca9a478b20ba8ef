//! The table of programs. A row says what a program is called, how it reads options (see `options` for the notation),
//! which of them do something that its name does not say, and examples of both, which one test walks.
//!
//! An option that is in no row costs certainty, never safety: the word behind it may then be its value or not.

use super::Does::{Changes, Deletes, Elsewhere, Executes, Loads, Sends, Writes};
use super::{Globals, Program, Style, Sub};

pub(super) const PROGRAMS: &[Program] = &[
    // ---------------------------------------------------------------------------------------------- files and texts
    Program::new("rm", "f,force i I interactive? one-file-system no-preserve-root preserve-root? r,R,recursive d,dir v,verbose")
        .plain(&["rm -rf x", "rm --forc x"]),
    Program::new("cp", "a,archive b backup? d f,force i,interactive H l,link L,dereference n,no-clobber P,no-dereference p preserve? no-preserve= parents R,r,recursive s,symbolic-link S,suffix= t,target-directory= T,no-target-directory u update? v,verbose x,one-file-system Z reflink? sparse=")
        .plain(&["cp -r a b", "cp -t d a"]),
    Program::new("mv", "b backup? f,force i,interactive n,no-clobber S,suffix= t,target-directory= T,no-target-directory u update? v,verbose Z").plain(&["mv -f a b"]),
    Program::new("ln", "b backup? d,F,directory f,force i,interactive L,logical n,no-dereference P,physical r,relative s,symbolic S,suffix= t,target-directory= T,no-target-directory v,verbose").plain(&["ln -sf a b"]),
    Program::new("install", "b backup? c C,compare d,directory D g,group= m,mode= o,owner= p,preserve-timestamps s,strip strip-program= S,suffix= t,target-directory= T,no-target-directory v,verbose Z")
        .does(&[(Executes, "strip-program")])
        .surprising(&["install -s --strip-program=./x a b"])
        .plain(&["install -m 755 a b"]),
    Program::new("chmod", "c,changes f,silent,quiet v,verbose no-preserve-root preserve-root reference= R,recursive H L P h,no-dereference dereference").plain(&["chmod -R 777 x"]),
    Program::new("chown chgrp", "c,changes f,silent,quiet v,verbose no-preserve-root preserve-root from= reference= R,recursive H L P h,no-dereference dereference").plain(&["chown -R me x"]),
    Program::new("mkdir", "m,mode= p,parents v,verbose Z").plain(&["mkdir -p a/b"]),
    Program::new("rmdir", "p,parents v,verbose ignore-fail-on-non-empty").plain(&["rmdir -p a/b"]),
    Program::new("touch", "a c,no-create d,date= f h,no-dereference m r,reference= t= time=").plain(&["touch -t 1 x"]),
    Program::new("ls dir vdir", "a,all A,almost-all author b,escape block-size= B,ignore-backups c C color? d,directory D f F classify? file-type format= full-time g group-directories-first G,no-group h,human-readable si H dereference-command-line hide= hyperlink? i,inode I,ignore= k,kibibytes l L,dereference m n,numeric-uid-gid N,literal o p q,hide-control-chars show-control-chars Q,quote-name quoting-style= r,reverse R,recursive s,size S sort= time= time-style= t T,tabsize= u U v w,width= x X Z,context 1")
        .plain(&["ls -la x", "ls $x"]),
    Program::new("shred", "f,force n,iterations= random-source= s,size= u remove? v,verbose x,exact z,zero").plain(&["shred -u x"]),
    Program::new("truncate", "c,no-create o,io-blocks r,reference= s,size=").plain(&["truncate -s 0 x"]),
    Program::new("dd", "").style(Style::Keyed).plain(&["dd if=a of=b"]),
    Program::new("sort", "b,ignore-leading-blanks d,dictionary-order f,ignore-case g,general-numeric-sort i,ignore-nonprinting M,month-sort h,human-numeric-sort n,numeric-sort R,random-sort random-source= r,reverse sort= V,version-sort batch-size= c,check? C compress-program= debug files0-from= k,key= m,merge o,output= s,stable S,buffer-size= t,field-separator= T,temporary-directory= parallel= u,unique z,zero-terminated")
        .does(&[(Executes, "compress-program"), (Writes, "o")])
        .surprising(&["sort -o f f", "sort -uof f", "sort f --outp=x", "sort --compress-program sh f", "sort --comp=sh f", "sort $f", "sort \"$f\"", "sort *", "sort --$x", "sort ./$f", "sort --key=$n f"])
        .plain(&["sort -k 2 f", "sort -t o f", "sort -- -o", "sort ./*", "sort -- $f", "sort -k \"$n\" f", "sort \"--key=$n\" f", "sort \"./$f\""]),
    Program::new("uniq", "c,count d,repeated D all-repeated? f,skip-fields= group? i,ignore-case s,skip-chars= u,unique z,zero-terminated w,check-chars=")
        .operand(2, Writes)
        .surprising(&["uniq in out", "uniq -c in out", "uniq -f 1 - out", "uniq in -- out", "uniq $x"])
        .plain(&["uniq in", "uniq -c", "uniq -f 1 in", "uniq \"$x\"", "uniq --skip-fields=1 in"]),
    Program::new("split", "a,suffix-length= additional-suffix= b,bytes= C,line-bytes= d numeric-suffixes? x hex-suffixes? e,elide-empty-files filter= l,lines= n,number= t,separator= u,unbuffered verbose")
        .does(&[(Executes, "filter")])
        .surprising(&["split --filter=sh f", "split --fil sh f", "split $x"])
        .plain(&["split -l 10 f", "split -b 1 f p"]),
    Program::new("csplit", "b,suffix-format= f,prefix= k,keep-files suppress-matched n,digits= s,quiet,silent z,elide-empty-files")
        .does(&[(Writes, "f")])
        .surprising(&["csplit -f /etc/x f 1", "csplit --pref=/x f 1"])
        .plain(&["csplit f 1"]),
    Program::new("shuf", "e,echo i,input-range= n,head-count= o,output= random-source= r,repeat z,zero-terminated")
        .does(&[(Writes, "o")])
        .surprising(&["shuf -o x f", "shuf -eox f"])
        .plain(&["shuf -n 1 f", "shuf -i 1-3"]),
    Program::new("iconv", "f,from-code= t,to-code= l,list c o,output= s,silent verbose")
        .does(&[(Writes, "o")])
        .surprising(&["iconv -f a -t b -o x f", "iconv --output=x f"])
        .plain(&["iconv -f utf8 f"]),
    Program::new("ptx", "A,auto-reference b,break-file= f,ignore-case F,flag-truncation= G,traditional g,gap-size= i,ignore-file= M,macro-name= O o,only-file= r,references R S,sentence-regexp= T t W,word-regexp= w,width=")
        .operand(2, Writes)
        .surprising(&["ptx -G in out"])
        .plain(&["ptx in"]),
    Program::new("base64 base32 basenc", "d,D,decode i,ignore-garbage w,wrap= b,break= o,output=")
        .does(&[(Writes, "o")])
        .surprising(&["base64 -o x f", "base64 -dox f"])
        .plain(&["base64 -d f", "base64 -w 0 f"]),
    Program::new("xxd", "a,autoskip b,bits C,capitalize c,cols= d E e g,groupsize= h,help i,include l,len= n,name= o= p,ps,plain r,revert s,seek= u")
        .one_dash()
        .does(&[(Writes, "r")])
        .operand(2, Writes)
        .surprising(&["xxd -r x y", "xxd -r -p x", "xxd in out"])
        .plain(&["xxd f", "xxd -l 16 f"]),
    Program::new("yq", "i,inplace,in-place o,output-format= p,input-format= P,prettyPrint e,exit-status n,null-input s,split-exp= r,unwrapScalar I,indent= f,front-matter= from-file= arg= N,no-doc C,colors M,no-colors j,tojson v,verbose y,yaml-output Y")
        .does(&[(Writes, "i s")])
        .surprising(&["yq -i .a=1 f", "yq e -i .a=1 f", "yq --inplace .a f", "yq -yi .a f"])
        .plain(&["yq .a f", "yq -o json f"]),
    Program::new("sdiff diff3", "o,output= i,ignore-case E b W,ignore-all-space B I,ignore-matching-lines= a,text w,width= l,left-column s,suppress-common-lines t,expand-tabs d,minimal H,speed-large-files diff-program= strip-trailing-cr A,show-all e,ed x,overlap-only X 3,easy-only m,merge L,label= T,initial-tab")
        .does(&[(Executes, "diff-program"), (Writes, "o")])
        .surprising(&["sdiff -o x a b", "diff3 --diff-program=sh a b c", "sdiff --diff-pro sh a b"])
        .plain(&["sdiff a b", "diff3 -m a b c"]),
    Program::new("fzf", "e,exact i q,query= f,filter= m,multi? 1,select-1 0,exit-0 n,nth= with-nth= d,delimiter= no-sort s tac preview= preview-window= bind= header= height= layout= reverse border? prompt= ansi print0 read0 print-query expect= with-shell= become= listen? listen-unsafe? color= history= x extended walker= tmux? border-label=")
        .does(&[(Executes, "preview bind with-shell become listen-unsafe"), (Writes, "history")])
        .surprising(&["fzf --preview sh", "fzf --bind=enter:execute(sh)"])
        .plain(&["fzf -q x", "fzf --multi"]),
    Program::new("pandoc", "f,r,from,read= t,w,to,write= o,output= data-dir= M,metadata= metadata-file= d,defaults= s,standalone template= V,variable= wrap= toc N,number-sections F,filter= L,lua-filter= pdf-engine= pdf-engine-opt= c,css= extract-media= log= C,citeproc bibliography= request-header= reference-doc= columns= H,include-in-header= B,include-before-body= A,include-after-body= resource-path= embed-resources")
        .does(&[(Executes, "F L pdf-engine"), (Loads, "d data-dir"), (Writes, "o extract-media log")])
        .surprising(&["pandoc -o x.html a.md", "pandoc --filter ./x a.md", "pandoc -L x.lua a.md", "pandoc --pdf-eng=./x a.md"])
        .plain(&["pandoc a.md", "pandoc -f markdown -t html a.md"]),
    Program::new("cpio", "i,extract o,create p,pass-through t,list 0,null A,append a b B c C,io-size= d,make-directories D,directory= E,pattern-file= F,file= H,format= I= O= L,dereference l,link M,message= m n,numeric-uid-gid N,no-absolute-filenames R,owner= r,rename S s u,unconditional v,verbose V rsh-command= to-stdout only-verify-crc sparse quiet")
        .does(&[(Executes, "rsh-command"), (Writes, "O F")])
        .surprising(&["cpio -o -O x", "cpio -i --rsh-command=sh", "cpio -oF x"])
        .plain(&["cpio -t", "cpio -id"]),
    Program::new("gcc g++ cc c++ clang clang++", "o= c S E x= I= L= l= D= U= include= isystem= iquote= wrapper= fplugin= specs= B= T= Xlinker= Xassembler= Xpreprocessor= MF= MT= MQ= std= O g w v W march= mtune= target= fuse-ld= dumpdir= aux-info=")
        .one_dash()
        .does(&[(Executes, "wrapper"), (Loads, "fplugin specs B"), (Writes, "o MF aux-info")])
        .surprising(&["gcc -wrapper sh,-c x.c", "gcc -fplugin=./x.so x.c", "gcc -o /x x.c", "gcc -specs=x x.c"])
        .plain(&["gcc -c x.c", "gcc -Wall -E x.c"]),
    Program::new("mlr", "I n icsv ojson json csv c2p from= ofmt= load= mload= prepipe= prepipex= nr-progress-mod= records-per-batch= s= fs= ifs= ofs=")
        .one_dash()
        .does(&[(Executes, "prepipe prepipex"), (Writes, "I"), (Loads, "load mload s")])
        .surprising(&["mlr --prepipe sh cat x", "mlr -I sort -f a x"])
        .plain(&["mlr --icsv --ojson cat x"]),
    Program::new("zstd xz bzip2 lz4 brotli", "d,decompress z,compress o,output= f,force k,keep rm c,stdout,to-stdout t,test l,list q,quiet v,verbose T,threads= r D= ultra 1 2 3 4 5 6 7 8 9 0 e,extreme F,format= S,suffix= output-dir-flat= output-dir-mirror= patch-from= C,check= s,small files? j w,lgwin=")
        .does(&[(Deletes, "rm"), (Writes, "o output-dir-flat output-dir-mirror")])
        .surprising(&["zstd --rm x", "zstd x -o y"])
        .plain(&["xz -d x", "zstd -19 x"]),
    Program::new("patch", "p,strip= R,reverse d,directory= i,input= o,output= r,reject-file= E b,backup N,forward t,batch f,force dry-run s,quiet u,unified").plain(&["patch -p1 -i x"]),
    Program::new("diff", "q,brief s,report-identical-files r,recursive N,new-file i,ignore-case b w,ignore-all-space B u U,unified= c C,context= y,side-by-side W,width= x,exclude= X,exclude-from= S,starting-file= I,ignore-matching-lines= L,label= F,show-function-line= a,text e,ed n,rcs p t,expand-tabs color? to-file= from-file=").plain(&["diff -ru a b", "diff --to-file x y"]),
    Program::new("file", "b,brief C,compile c,checking-printout d e,exclude= exclude-quiet= extension F,separator= f,files-from= h i,mime mime-type mime-encoding k,keep-going L l,list m,magic-file= N n p,preserve-date P,parameter= r,raw s,special-files S v,version z,uncompress Z 0,print0")
        .does(&[(Writes, "C"), (Loads, "m")])
        .surprising(&["file -C -m x", "file --compile"])
        .plain(&["file x", "file -b x"]),
    Program::new("tree", "a d l f x L= R P= I= o= n C A S noreport charset= filelimit= i p u g s h D F v t c U r J X H= T= dirsfirst sort=")
        .does(&[(Writes, "o R")])
        .surprising(&["tree -o x", "tree -ao x", "tree -L 1 -R -H . -o x"])
        .plain(&["tree -L 2", "tree -a -I target"]),
    Program::new("sed", "n,quiet,silent debug e,expression= E,r,regexp-extended f,file= follow-symlinks i,in-place? l,line-length= posix s,separate sandbox u,unbuffered z,null-data").plain(&["sed -n 1p f"]),
    Program::new("grep egrep fgrep", "E,extended-regexp F,fixed-strings G,basic-regexp P,perl-regexp e,regexp= f,file= i,y,ignore-case no-ignore-case v,invert-match w,word-regexp x,line-regexp c,count color,colour? L,files-without-match l,files-with-matches m,max-count= o,only-matching q,quiet,silent s,no-messages b,byte-offset H,with-filename h,no-filename label= n,line-number T,initial-tab Z,null A,after-context= B,before-context= C,context= a,text binary-files= D,devices= d,directories= exclude= exclude-from= exclude-dir= I include= r,recursive R,dereference-recursive line-buffered U,binary z,null-data").plain(&["grep -rn x .", "grep $x"]),
    Program::new("awk gawk mawk nawk", "F,field-separator= v,assign= f,file= e,source= i,include= l,load= o,pretty-print? d,dump-variables? p,profile? D,debug? E,exec= b c,traditional g h,help k L,lint? M,bignum N n O P,posix r s S,sandbox t V,version").strict().plain(&["awk -F: x f"]),
    Program::new("find gfind", "H L P O? D= amin= anewer= atime= cmin= cnewer= ctime= empty executable false fstype= gid= group= ilname= iname= inum= ipath= iregex= iwholename= links= lname= mmin= mtime= name= newer= nouser nogroup path= perm= readable regex= samefile= size= true type= uid= used= user= wholename= writable xtype= context= newerXY= delete exec= execdir= ok= okdir= fls= fprint= fprint0= fprintf= ls print print0 printf= prune quit a,and o,or not d,depth daystart ignore_readdir_race maxdepth= mindepth= mount noignore_readdir_race noleaf regextype= warn nowarn xdev files0-from= follow")
        .one_dash()
        .does(&[(Executes, "exec execdir ok okdir"), (Deletes, "delete"), (Writes, "fls fprint fprint0 fprintf")])
        .surprising(&["find . -delete", "find . -fprintf /etc/x %p", "find . -fls x", "find . -exec rm {} +", "find $x", "find . -$x", "find . -name x $y", "find \"$d\" -name x", "find ./$d -type f", "find *"])
        .plain(&["find . -name -delete", "find . -name x.rs -print", "find ./* -type f", "find . -name \"$x\"", "find . -maxdepth 1"]),
    Program::new("fd fdfind", "H,hidden I,no-ignore u,unrestricted s,case-sensitive i,ignore-case g,glob F,fixed-strings a,absolute-path l,list-details L,follow p,full-path d,max-depth= E,exclude= t,type= e,extension= S,size= o,owner= x,exec= X,exec-batch= c,color= 0,print0 1 q,quiet j,threads= and= changed-within= changed-before= min-depth= exact-depth= ignore-file= base-directory= search-path= batch-size= format=")
        .does(&[(Executes, "x X")])
        .surprising(&["fd -x rm", "fd -Hx rm", "fd x --exec-batch rm", "fd $x"])
        .plain(&["fd -e rs", "fd x src"]),
    Program::new("rg ripgrep", "A,after-context= B,before-context= C,context= E,encoding= M,max-columns= T,type-not= a,text b,byte-offset c,count color= colors= column d,max-depth= e,regexp= f,file= engine= g,glob= iglob= F,fixed-strings H,with-filename I,no-filename h i,ignore-case j,threads= l,files-with-matches L,follow files files-without-match m,max-count= max-filesize= n,line-number N,no-line-number o,only-matching P,pcre2 p,pretty pre= pre-glob= no-pre q,quiet r,replace= S,smart-case s,case-sensitive sort= sortr= stats t,type= type-add= type-clear= u,unrestricted U,multiline v,invert-match w,word-regexp x,line-regexp z,search-zip no-search-zip 0,null hostname-bin= hyperlink-format= ignore-file= dfa-size-limit= regex-size-limit= context-separator= field-context-separator= field-match-separator= path-separator= no-config hidden . no-ignore json vimgrep trim heading no-heading passthru crlf null-data count-matches")
        .does(&[(Executes, "pre hostname-bin z")])
        .surprising(&["rg --pre sh x", "rg --pre=sh x", "rg -nz x", "rg --search-zip x", "rg x --hostname-bin ./h", "rg $x", "rg x \"$f\""])
        .plain(&["rg x", "rg -n -g \"*.rs\" x", "rg -e -z x", "rg -- -z", "rg --pre-glob x y", "rg -tz x", "rg -- $x"]),
    Program::new("ag", "A,after? B,before? C,context? G,file-search-regex= g= ignore= m,max-count= p,path-to-ignore= W,width= depth= pager= z,search-zip i,ignore-case s,case-sensitive S,smart-case l,files-with-matches L v,invert-match w,word-regexp Q,literal u,unrestricted U c,count o,only-matching r R a,all-types f,follow H n,norecurse t,all-text 0,null color nocolor nogroup hidden")
        .does(&[(Executes, "pager z")])
        .surprising(&["ag --pager sh x", "ag -z x"])
        .plain(&["ag x", "ag -l x"]),
    Program::new("ack", "A,after-context= B,before-context= C,context? f g h H i,ignore-case I l,files-with-matches L,files-without-matches m,max-count= match= n,no-recurse o output= pager? P p,proximate? Q,literal r R s S,smart-case t,type= v,invert-match w,word-regexp x 1 ackrc= ignore-dir= ignore-file= type-add= type-set= color nocolor")
        .does(&[(Executes, "pager"), (Loads, "ackrc output")])
        .surprising(&["ack --pager=sh x", "ack --output=$& x"])
        .plain(&["ack x", "ack -l x"]),
    Program::new("bat batcat", "A,show-all p,plain l,language= H,highlight-line= file-name= d,diff diff-context= tabs= wrap= terminal-width= n,number color= italic-text= decorations= f,force-colorization paging= P pager= m,map-syntax= theme= style= r,line-range= L,list-languages u,unbuffered lessopen")
        .does(&[(Executes, "pager lessopen")])
        .surprising(&["bat --pager=sh x", "bat --pager ./p x", "bat --lessopen x"])
        .plain(&["bat x", "bat -l rs -r 1:5 x"]),
    Program::new("delta", "pager= features= config= paging= s,side-by-side n,line-numbers width= syntax-theme= diff-args=")
        .does(&[(Executes, "pager"), (Loads, "config")])
        .surprising(&["delta --pager sh", "delta --config=x"])
        .plain(&["delta a b"]),
    Program::new("less", "? a b= B c C d D= e,quit-at-eof E f,force F,quit-if-one-screen g G h= i,ignore-case I j= J k,lesskey-file= K,quit-on-intr L,no-lessopen m M n N,LINE-NUMBERS o,log-file= O,LOG-FILE= p,pattern= P,prompt= q Q r R,RAW-CONTROL-CHARS s S,chop-long-lines t,tag= T,tag-file= u U V w W x,tabs= X,no-init y z,window= ~ lesskey-src= lesskey-content= mouse use-color +!")
        .style(Style::Started)
        .does(&[(Writes, "o O"), (Loads, "k lesskey-src lesskey-content"), (Executes, "+!")])
        .surprising(&["less +!sh f", "less ++!sh f", "less +G!sh f", "less +$x f", "less -o x f", "less --log-file=x f", "less -k x f"])
        .plain(&["less f", "less -R f", "less +G f", "less +/x f"]),
    Program::new("man", "C,config-file= d,debug D,default warnings? f,whatis k,apropos K,global-apropos l,local-file w,where,path,location W,where-cat c,catman R,recode= L,locale= m,systems= M,manpath= S,s,sections= e,extension= i,ignore-case I,match-case regex wildcard names-only a,all u,update no-subpages P,pager= r,prompt= 7,ascii E,encoding= no-hyphenation no-justification p,preprocessor= t,troff T,troff-device? H,html? X,gxditview? Z,ditroff")
        .does(&[(Executes, "P H X"), (Loads, "C M l m")])
        .surprising(&["man -P sh ls", "man --pager=sh ls", "man -Hsh ls", "man --pag sh ls", "man -l ./x", "man -M x ls"])
        .plain(&["man ls", "man 3 printf", "man -k x"]),
    Program::new("tar gtar bsdtar", "A,catenate,concatenate c,create delete d,diff,compare r,append t,list u,update x,extract,get C,directory= f,file= F,info-script,new-volume-script= I,use-compress-program= K,starting-file= L,tape-length= M,multi-volume N,newer,after-date= O,to-stdout P,absolute-names R,block-number S,sparse T,files-from= U,unlink-first V,label= W,verify X,exclude-from= Z,compress,uncompress a,auto-compress b,blocking-factor= g,listed-incremental= h,dereference i,ignore-zeros j,bzip2 J,xz k,keep-old-files l,check-links m,touch n,seek o,no-same-owner p,preserve-permissions,same-permissions s v,verbose w,interactive,confirmation z,gzip,gunzip,ungzip lzip lzma lzop zstd exclude= exclude-vcs strip-components= transform,xform= checkpoint? checkpoint-action= to-command= rmt-command= rsh-command= remove-files recursive-unlink overwrite keep-newer-files no-recursion owner= group= mode= mtime= sort= format= H= index-file= record-size= totals? wildcards no-wildcards anchored one-file-system null numeric-owner same-owner suffix= backup? warning= pax-option= add-file= volno-file= hole-detection= newer-mtime= quoting-style= show-transformed-names")
        .style(Style::Bundled)
        .does(&[(Executes, "checkpoint-action to-command I F rmt-command rsh-command"), (Deletes, "remove-files recursive-unlink"), (Writes, "index-file")])
        .surprising(&["tar xf a --to-command=sh", "tar xf a --to-com=sh", "tar -cf /dev/null f --checkpoint=1 --checkpoint-action=exec=sh", "tar -xIsh -f a", "tar xIf sh a", "tar -F ./x -cf a b", "tar cf h:a b --rmt-command=./x", "tar cf h:a b --rsh-c ./x", "tar xf a $X", "tar cf a *", "tar czf a f --remove-files", "tar --use-comp=sh -xf a", "tar cf a --info-sc=./x b"])
        .plain(&["tar xzf a", "tar -tvf a", "tar cf a ./*", "tar xf a -C d", "tar czf a src --exclude=x", "tar xf \"./$a\"", "tar xf \"$a\" -C d"]),
    Program::new("zip", "r,recurse-paths R,recurse-patterns d,delete f,freshen u,update m,move x,exclude= i,include= j,junk-paths l to-crlf q,quiet v,verbose T,test TT,unzip-command= e,encrypt P,password= o y,symlinks z 0 1 2 3 4 5 6 7 8 9 @ F FF O,out= b,temp-path= n,suffixes= t= tt= s,split-size=")
        .does(&[(Executes, "TT"), (Deletes, "m")])
        .surprising(&["zip a f -T --unzip-command=sh", "zip -m a f", "zip a f -T -TT sh"])
        .plain(&["zip -r a d"]),
    Program::new("xmllint", "auto copy c14n debug dropdtd dtdvalid= dtdvalidfpi= encode= format html htmlout insert load-trace loaddtd maxmem= memory nocatalogs noent noout nonet o,output= path= pattern= pretty= push recover relaxng= repeat schema= schematron= shell stream valid walker xinclude xmlout xpath= huge quiet")
        .does(&[(Writes, "o")])
        .surprising(&["xmllint --output x f", "xmllint -o x f"])
        .plain(&["xmllint --noout f", "xmllint --xpath //a f"]),
    Program::new("pdftotext pdftohtml pdftops pdftocairo", "f= l= r= x= y= W= H= layout fixed= raw nodiag htmlmeta enc= eol= nopgbrk bbox opw= upw= q cfg= png jpeg svg ps eps tiff pdf singlefile scale-to=")
        .one_dash()
        .operand(2, Writes)
        .surprising(&["pdftotext a b", "pdftotext -f 1 a b"])
        .plain(&["pdftotext a"]),
    Program::new("ffmpeg", "i= y n f= c= codec= t= to= ss= vf= af= filter_complex= map= b= r= s= an vn sn loglevel,v= hide_banner pix_fmt= preset= crf= safe= vcodec,acodec=")
        .one_dash()
        .operand(1, Writes)
        .surprising(&["ffmpeg -i a b", "ffmpeg -y -i a -c copy b"])
        .plain(&["ffmpeg -i a", "ffmpeg -hide_banner -i a"]),
    Program::new("convert magick", "resize= crop= quality= rotate= density= background= format= depth= geometry= gravity= strip flatten alpha= fill= font= pointsize= annotate= write= colorspace= trim append negate monochrome")
        .one_dash()
        .does(&[(Writes, "write")])
        .operand(2, Writes)
        .surprising(&["convert a b", "convert a -resize 50% b", "convert a -write c info:"])
        .plain(&["convert a"]),
    Program::new("mktemp", "d,directory u,dry-run q,quiet suffix= p,tmpdir? t").plain(&["mktemp -d"]),
    Program::new("openssl", "in= out= text noout inkey= key= keyout= CA= CAkey= CAserial= cert= config= extfile= extensions= passin= passout= pass= subj= days= newkey= engine= provider= provider-path= writerand= rand= connect= servername= k= kfile= K= iv= md= a base64 d e salt pbkdf2 x509 new nodes sign= verify= signature= pubin pubout inform= outform= port= accept= www WWW HTTP sess_out= keylogfile= CAfile= CApath= hex binary")
        .one_dash()
        .does(&[(Writes, "out keyout writerand sess_out keylogfile"), (Loads, "engine provider provider-path config")])
        .surprising(&["openssl rand -out x 10", "openssl req -newkey rsa -keyout k", "openssl x509 -in a -engine ./e.so"])
        .plain(&["openssl x509 -in a -text", "openssl rand -hex 8"]),
    Program::new("gpg gpg2", "o,output= a,armor b,detach-sign clear-sign s,sign e,encrypt c,symmetric d,decrypt verify r,recipient= u,local-user= k,list-keys K,list-secret-keys export= import batch yes no-tty homedir= options= keyserver= recv-keys send-keys delete-keys delete-secret-keys passphrase= passphrase-file= status-fd= logger-file= photo-viewer= exec-path= agent-program= dirmngr-program= pinentry-mode= v,verbose q,quiet n,dry-run fingerprint with-colons")
        .does(&[(Writes, "o logger-file"), (Executes, "photo-viewer exec-path agent-program dirmngr-program"), (Loads, "options homedir"), (Deletes, "delete-keys delete-secret-keys"), (Sends, "send-keys")])
        .surprising(&["gpg --output x -d f", "gpg -do x f", "gpg --outp=x f", "gpg --agent-program ./a -k"])
        .plain(&["gpg --verify f", "gpg -k"]),
    Program::new("ssh-keygen", "A a= B b= C= c D= E= e F= f= g H h I= i K= k L l M= m= N= n= O= o P= p Q q R= r= s= T= t= U u V= v w= x Y= y Z= z=")
        .does(&[(Writes, "f A R p"), (Loads, "D w")])
        .surprising(&["ssh-keygen -t rsa -f k", "ssh-keygen -R h", "ssh-keygen -D ./lib.so"])
        .plain(&["ssh-keygen -t rsa", "ssh-keygen -H"]),

    // ------------------------------------------------------------------------------------------------------ network
    Program::new("curl", "0,http1.0 1,tlsv1 2,sslv2 3,sslv3 4,ipv4 6,ipv6 a,append A,user-agent= b,cookie= B,use-ascii c,cookie-jar= C,continue-at= d,data,data-ascii= data-binary= data-raw= data-urlencode= D,dump-header= e,referer= E,cert= f,fail F,form= form-string= g,globoff G,get h,help? H,header= i,include I,head j,junk-session-cookies J,remote-header-name json= k,insecure K,config= l,list-only L,location location-trusted m,max-time= M,manual n,netrc netrc-file= N,no-buffer o,output= output-dir= O,remote-name remote-name-all p,proxytunnel P,ftp-port= q,disable Q,quote= r,range= R,remote-time s,silent S,show-error t,telnet-option= T,upload-file= u,user= U,proxy-user= v,verbose V,version w,write-out= x,proxy= X,request= y,speed-time= Y,speed-limit= z,time-cond= Z,parallel cacert= capath= key= ciphers= connect-timeout= connect-to= create-dirs compressed doh-url= engine= etag-save= etag-compare= fail-with-body hsts= alt-svc= interface= limit-rate= libcurl= max-filesize= max-redirs= noproxy= oauth2-bearer= pass= path-as-is pinnedpubkey= post301 postquote= prequote= proto= proto-redir= proto-default= progress-bar,# resolve= retry= retry-delay= retry-max-time= retry-all-errors socks5= socks5-hostname= socks4= stderr= trace= trace-ascii= unix-socket= abstract-unix-socket= url= url-query= variable= mail-from= mail-rcpt= aws-sigv4= tls-max= tlsv1.2 tlsv1.3 http1.1 http2 http3 anyauth basic digest ntlm negotiate next,: no-progress-meter preproxy= proxy-header= request-target= sasl-authzid= service-name= krb= keepalive-time= local-port= login-options= delegation= dns-servers= expect100-timeout= ftp-account= ftp-method= happy-eyeballs-timeout-ms= cert-type= key-type= crlfile= curves= ech=")
        .does(&[
            (Writes, "o O J c D output-dir remote-name-all create-dirs trace trace-ascii stderr libcurl etag-save hsts alt-svc"),
            (Sends, "T d data-binary data-raw data-urlencode F form-string json Q postquote prequote"),
            (Loads, "K engine"),
        ])
        .surprising(&["curl -o x u", "curl -sSLo x u", "curl -O u", "curl -T f u", "curl -K f", "curl --config f", "curl -d @f u", "curl --data-binary=@f u", "curl --outp x u", "curl $u", "curl -sF a=@f u"])
        .plain(&["curl u", "curl -sSL u", "curl -H o u", "curl -A -o u", "curl \"https://$h\"", "curl -I u", "curl -XPOST u", "curl -- $u"]),
    Program::new("wget", "V,version h,help b,background e,execute= o,output-file= a,append-output= d,debug q,quiet v,verbose nv,no-verbose i,input-file= F,force-html B,base= t,tries= O,output-document= nc,no-clobber c,continue progress= show-progress N,timestamping S,server-response spider T,timeout= w,wait= waitretry= Q,quota= bind-address= limit-rate= 4,inet4-only 6,inet6-only prefer-family= user= password= ask-password use-askpass= P,directory-prefix= x,force-directories cut-dirs= http-user= http-password= header= max-redirect= referer= save-headers U,user-agent= load-cookies= save-cookies= post-data= post-file= method= body-data= body-file= content-disposition no-check-certificate certificate= private-key= ca-certificate= r,recursive l,level= delete-after k,convert-links K,backup-converted m,mirror p,page-requisites A,accept= R,reject= D,domains= exclude-domains= H,span-hosts L,relative I,include-directories= X,exclude-directories= np,no-parent no-config config= rejected-log= warc-file= hsts-file=")
        .does(&[(Writes, "O o a P save-cookies rejected-log warc-file hsts-file x"), (Sends, "post-data post-file method body-data body-file"), (Executes, "use-askpass"), (Loads, "e config"), (Deletes, "delete-after")])
        .surprising(&["wget -O x u", "wget -qOx u", "wget --post-file=f u", "wget --use-askpass=./a u", "wget --use-ask=./a u", "wget -e use_askpass=./a u", "wget --exec=x u", "wget $u"])
        .plain(&["wget u", "wget -q u", "wget -t 3 u"]),
    Program::new("rsync", "a,archive v,verbose q,quiet c,checksum r,recursive R,relative b,backup u,update l,links L,copy-links H,hard-links p,perms o,owner g,group t,times D n,dry-run W,whole-file x,one-file-system e,rsh= rsync-path= delete del delete-before delete-during delete-after delete-excluded remove-source-files force max-delete= exclude= exclude-from= include= include-from= files-from= f,filter= F z,compress P,partial partial-dir= progress T,temp-dir= compare-dest= copy-dest= link-dest= log-file= write-batch= only-write-batch= read-batch= password-file= port= bwlimit= timeout= out-format= M,remote-option= S,sparse h,human-readable i,itemize-changes stats 4,ipv4 6,ipv6 config= daemon early-input=")
        .does(&[(Executes, "e rsync-path"), (Deletes, "delete del delete-before delete-during delete-after delete-excluded remove-source-files"), (Writes, "log-file write-batch only-write-batch")])
        .surprising(&["rsync -e sh a b", "rsync -avesh a b", "rsync --rsh=sh a b", "rsync -a --del a b", "rsync --remove-source-files a b", "rsync --log-file=x a b"])
        .plain(&["rsync -av a b", "rsync -n a b"]),
    Program::new("ssh", "1 2 4 6 A a B= b= C c= D= E= e= F= f G g I= i= J= K k L= l= M m= N n O= o= P= p= Q= q R= S= s T t V v W= w= X x Y y").strict().plain(&["ssh -p 22 h ls"]),
    Program::new("tcpdump tshark", "A b B= c= C= D d e f F= G= h H i= I j= J K l L m= M= n N O p q Q= r= R= S s= t T= u U v V= w= W= x X y= z= Z= Y= immediate-mode number print count postrotate-command=")
        .one_dash()
        .does(&[(Executes, "z postrotate-command"), (Writes, "w")])
        .surprising(&["tcpdump -i eth0 -w x -z sh", "tcpdump -w x"])
        .plain(&["tcpdump -i eth0 -n", "tcpdump -c 5"]),
    Program::new("ss", "n,numeric r,resolve a,all l,listening o,options e,extended m,memory p,processes i,info s,summary K,kill 4,ipv4 6,ipv6 0,packet t,tcp u,udp d,dccp w,raw x,unix f,family= A,query,socket= D,diag= F,filter= H,no-header O,oneline E,events Z,context z,contexts N,net= b,bpf")
        .does(&[(Changes, "K"), (Writes, "D")])
        .surprising(&["ss -K dst 1.2.3.4", "ss -tK", "ss -D x"])
        .plain(&["ss -tlnp"]),
    Program::new("nmap", "iL= iR= p= sS sT sU sV sC sn Pn A O v d n T= oN= oX= oG= oA= oS= script= script-args= script-args-file= datadir= servicedb= versiondb= stylesheet= resume= e= S= D= g= top-ports= exclude= open reason")
        .one_dash()
        .does(&[(Writes, "oN oX oG oA oS"), (Loads, "script datadir")])
        .surprising(&["nmap --script=./x h", "nmap -oN x h"])
        .plain(&["nmap -p 22 h"]),
    Program::new("scp sftp", "1 2 3 4 6 A a B b= C c= D= d F= f= i= J= l= N O o= P= p q R r S= s= T v X=")
        .does(&[(Executes, "S D"), (Loads, "F o")])
        .surprising(&["scp -S ./x a h:b", "scp -o ProxyCommand=x a h:b", "scp -rSx a h:b"])
        .plain(&["scp -r a h:b", "scp -P 22 a h:b"]),

    // ----------------------------------------------------------------------------------------------- version control
    Program::new("git", "C= c= exec-path? html-path man-path info-path p,paginate P,no-pager no-replace-objects no-lazy-fetch no-optional-locks no-advice bare git-dir= work-tree= namespace= super-prefix= config-env= literal-pathspecs glob-pathspecs noglob-pathspecs icase-pathspecs list-cmds= attr-source= v,version h,help")
        .does(&[(Elsewhere, "C git-dir work-tree namespace bare"), (Loads, "c exec-path config-env super-prefix"), (Executes, "p")])
        .subs(Globals::Before, &[
            Sub::new("push", "all,branches mirror tags follow-tags atomic n,dry-run receive-pack,exec= repo= f,force d,delete prune q,quiet u,set-upstream thin no-thin no-force-with-lease force-with-lease? force-if-includes no-force-if-includes v,verbose progress no-progress porcelain recurse-submodules= no-recurse-submodules signed? o,push-option= no-verify 4,ipv4 6,ipv6")
                .signs(&[('+', "f"), (':', "d")])
                .does(&[(Executes, "receive-pack")]),
            Sub::new("clone", "l,local no-hardlinks s,shared reference= reference-if-able= dissociate q,quiet v,verbose progress server-option= n,no-checkout bare sparse filter= mirror o,origin= b,branch= revision= u,upload-pack= template= c,config= depth= shallow-since= shallow-exclude= single-branch no-single-branch tags no-tags recurse-submodules,recursive? shallow-submodules remote-submodules separate-git-dir= ref-format= j,jobs= bundle-uri= 4,ipv4 6,ipv6")
                .does(&[(Executes, "u"), (Loads, "template c"), (Writes, "separate-git-dir")]),
            Sub::new("fetch pull", "all a,append atomic depth= deepen= shallow-since= shallow-exclude= unshallow update-shallow negotiation-tip= dry-run f,force k,keep multiple auto-maintenance p,prune P,prune-tags n,no-tags refmap= t,tags recurse-submodules? no-recurse-submodules j,jobs= set-upstream upload-pack= q,quiet v,verbose progress o,server-option= show-forced-updates 4,ipv4 6,ipv6 u,update-head-ok commit no-commit e,edit no-edit cleanup= ff no-ff ff-only S,gpg-sign? log? no-log signoff stat no-stat squash no-squash no-verify s,strategy= X,strategy-option= verify-signatures r,rebase? no-rebase autostash allow-unrelated-histories")
                .does(&[(Executes, "upload-pack")]),
            Sub::new("ls-remote", "b,branches h,heads t,tags refs q,quiet exit-code get-url sort= symref upload-pack,exec= o,server-option=")
                .does(&[(Executes, "upload-pack")]),
            Sub::new("archive", "format= l,list v,verbose prefix= o,output= add-file= add-virtual-file= worktree-attributes mtime= remote= exec= 0 1 2 3 4 5 6 7 8 9")
                .does(&[(Executes, "exec"), (Writes, "o")]),
            Sub::new("format-patch", "o,output-directory= n,numbered N,no-numbered k,keep-subject s,signoff stdout attach? inline? thread? in-reply-to= start-number= numbered-files suffix= q,quiet subject-prefix= rfc? v,reroll-count= to= cc= from? add-header= cover-letter encode-email-headers signature= base= progress root output= ext-diff no-ext-diff textconv no-textconv p U,unified= stat? M,find-renames? C,find-copies? filename-max-length= zero-commit interdiff= range-diff= creation-factor= notes? cover-from-description= description-file= ignore-if-in-upstream always")
                .does(&[(Writes, "o output"), (Executes, "ext-diff textconv")]),
            Sub::new("log diff show whatchanged diff-tree diff-index diff-files range-diff reflog blame annotate rev-list shortlog stash", "output= ext-diff no-ext-diff textconv no-textconv p,u,patch s,no-patch U,unified= oneline stat? shortstat numstat name-only name-status n,max-count= skip= since,after= until,before= author= committer= grep= all all-match invert-grep i E F P,perl-regexp merges no-merges first-parent not branches? tags? remotes? glob= exclude= reverse graph decorate? no-decorate decorate-refs= format= pretty? abbrev? abbrev-commit no-abbrev-commit date= follow L= S= G= pickaxe-all pickaxe-regex O= R a,text b,ignore-space-change w,ignore-all-space ignore-blank-lines I,ignore-matching-lines= inter-hunk-context= W,function-context exit-code quiet cached,staged merge-base no-index color? no-color color-moved? word-diff? word-diff-regex= color-words? no-renames M,find-renames? C,find-copies? B,break-rewrites? D,irreversible-delete l= diff-filter= find-object= relative? no-relative src-prefix= dst-prefix= no-prefix line-prefix= z raw c cc m t r minimal patience histogram diff-algorithm= anchored= summary dirstat? compact-summary check full-index binary ws-error-highlight= submodule? ignore-submodules? show-signature no-walk do-walk cherry-pick cherry cherry-mark left-right left-only right-only boundary simplify-by-decoration full-history ancestry-path? dense sparse topo-order date-order author-date-order parents children encoding= expand-tabs? notes? no-notes source mailmap use-mailmap clear-decorations no-diff-merges diff-merges= remerge-diff root h g,walk-reflogs count stdin objects")
                .does(&[(Writes, "output"), (Executes, "ext-diff textconv")]),
            Sub::new("grep", "cached untracked no-index no-exclude-standard exclude-standard recurse-submodules v,invert-match i,ignore-case w,word-regexp a,text textconv no-textconv I r,recursive no-recursive max-depth= E,extended-regexp G,basic-regexp F,fixed-strings P,perl-regexp n,line-number column h H full-name l,files-with-matches,name-only L,files-without-match z,null o,only-matching c,count color? no-color break heading C,context= B,before-context= A,after-context= threads= p,show-function W,function-context f= e= and or not q,quiet all-match m,max-count= O,open-files-in-pager? ext-grep")
                .does(&[(Executes, "O textconv ext-grep")]),
            Sub::new("commit", "a,all p,patch C,reuse-message= c,reedit-message= fixup= squash= reset-author short branch porcelain long z,null F,file= author= date= m,message= t,template= s,signoff trailer= n,no-verify allow-empty allow-empty-message cleanup= e,edit no-edit amend no-post-rewrite i,include o,only pathspec-from-file= u,untracked-files? v,verbose q,quiet dry-run status no-status S,gpg-sign? no-gpg-sign"),
            Sub::new("reset", "soft mixed N hard merge keep p,patch q,quiet pathspec-from-file= refresh no-refresh recurse-submodules"),
            Sub::new("clean", "d f,force i,interactive n,dry-run q,quiet e,exclude= x X"),
            Sub::new("checkout switch restore", "q,quiet progress f,force ours theirs b= B= c,create= C,force-create= t,track? no-track guess no-guess l d,detach orphan= ignore-skip-worktree-bits m,merge conflict= p,patch overlay ignore-other-worktrees overwrite-ignore recurse-submodules pathspec-from-file= s,source= S,staged W,worktree discard-changes"),
            Sub::new("branch", "d,delete D m,move M c,copy C show-current force,f i,ignore-case r,remotes a,all l,list v,verbose q,quiet abbrev? no-abbrev t,track? no-track set-upstream-to,u= unset-upstream edit-description contains= no-contains= merged= no-merged= points-at= sort= format= color? no-color column? create-reflog"),
            Sub::new("tag", "a,annotate s,sign no-sign u,local-user= f,force d,delete v,verify n? l,list sort= color? i,ignore-case column? contains= no-contains= merged= no-merged= points-at= m,message= F,file= e,edit cleanup= create-reflog format= trailer="),
            Sub::new("rebase", "onto= keep-base continue skip abort quit apply merge,m edit-todo show-current-patch S,gpg-sign? s,strategy= X,strategy-option= i,interactive r,rebase-merges? x,exec= root autosquash autostash no-autostash f,force-rebase,no-ff fork-point q,quiet v,verbose stat n,no-stat no-verify verify C= ignore-whitespace signoff reapply-cherry-picks update-refs empty=")
                .does(&[(Executes, "x")]),
            Sub::new("merge cherry-pick revert am", "commit no-commit n e,edit no-edit cleanup= ff no-ff ff-only S,gpg-sign? log? signoff stat squash no-verify s,strategy= X,strategy-option= verify-signatures q,quiet v,verbose autostash allow-unrelated-histories m,message= F,file= into-name= abort continue quit skip x"),
            Sub::new("add rm mv", "n,dry-run v,verbose f,force i,interactive p,patch e,edit u,update A,all no-all N,intent-to-add refresh ignore-errors ignore-missing chmod= pathspec-from-file= renormalize sparse r cached ignore-unmatch q,quiet k"),
            Sub::new("status", "s,short b,branch show-stash porcelain? long v,verbose u,untracked-files? ignore-submodules? ignored? z column? no-column ahead-behind find-renames? no-renames"),
            Sub::new("init", "q,quiet bare template= separate-git-dir= object-format= ref-format= b,initial-branch= shared?")
                .does(&[(Loads, "template"), (Writes, "separate-git-dir")]),
            Sub::new("difftool mergetool", "d,dir-diff y,no-prompt prompt t,tool= x,extcmd= g,gui no-gui O= symlinks tool-help trust-exit-code")
                .does(&[(Executes, "x t")]),
            Sub::new("bundle bisect submodule worktree remote config notes apply", ""),
        ])
        .surprising(&[
            "git log --output=/etc/x", "git log --outpu=/etc/x", "git diff --ext-diff", "git grep -O./x y", "git grep --open-files y",
            "git -p status", "git --paginate log", "git archive --remote=x --exec=sh HEAD", "git archive -o x HEAD", "git format-patch -o d HEAD",
            "git clone --upload-pack sh u", "git clone -u sh u", "git clone -c a.b=c u", "git clone --template=x u", "git -C /p status",
            "git --git-dir=/p log", "git --work-tree /p status", "git log $X", "git diff \"$X\"", "git show --textconv x", "git -c a.b=!c z",
            "git --config-env=a.b=X status", "git --exec-path=/x status", "git fetch --upload-pack=sh o", "git push --receive-pack=sh o",
            "git show --textc x", "git rebase -x sh", "git $x", "git stash show --output=x",
        ])
        .plain(&[
            "git status", "git log --oneline -5", "git diff -- x", "git log -- $X", "git commit -m --output", "git grep -e -O", "git commit -c HEAD",
            "git --no-pager log", "git log -p", "git diff --no-index a b", "git commit -m \"$m\"", "git show \"HEAD:$x\"", "git branch -D x", "git push",
        ]),
    Program::new("hg", "R,repository= cwd= y,noninteractive q,quiet v,verbose color= config= debug debugger encoding= encodingmode= traceback time profile h,help hidden pager= r,rev= m,message= u,user= d,date= I,include= X,exclude= l,limit= T,template= o,output= p,patch e,ssh= remotecmd= f,force B,bookmark= b,branch= t,tool=")
        .does(&[(Loads, "config"), (Elsewhere, "R cwd"), (Executes, "e remotecmd debugger t"), (Writes, "o")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["hg --config alias.x=!sh x", "hg -R /p log", "hg clone --ssh sh u", "hg export -o f"])
        .plain(&["hg log -l 5", "hg status", "hg commit -m x"]),
    Program::new("svn", "username= password= password-from-stdin no-auth-cache non-interactive force-interactive trust-server-cert config-dir= config-option= q,quiet v,verbose r,revision= c,change= m,message= F,file= diff-cmd= diff3-cmd= editor-cmd= x,extensions= N,non-recursive depth= force l,limit= xml R,recursive")
        .does(&[(Executes, "diff-cmd diff3-cmd editor-cmd"), (Loads, "config-dir config-option")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["svn diff --diff-cmd sh", "svn --config-dir x update", "svn log --config-option=a:b:c=d"])
        .plain(&["svn log -l 5", "svn diff -r 1:2"]),
    Program::new("gh", "R,repo= hostname= h,help")
        .subs(Globals::Anywhere, &[
            Sub::new("api", "X,method= f,raw-field= F,field= H,header= input= q,jq= t,template= p,preview= cache= paginate slurp i,include silent verbose")
                .does(&[(Sends, "X f F input")]),
            Sub::new("pr issue release repo gist", "b,body= F,body-file= t,title= l,label= a,assignee= m,milestone= B,base= H,head= d,draft f,fill w,web s,state= L,limit= S,search= json= q,jq= T,template= c,comments n,notes= notes-file= target= y,yes D,dir= p,pattern= O,output= clobber r,reviewer= project= recover= delete-branch squash rebase merge admin auto")
                .does(&[(Writes, "O D")]),
        ])
        .surprising(&["gh api -X DELETE x", "gh release download -O x", "gh api x -f a=b"])
        .plain(&["gh pr list", "gh repo view -R x"]),

    // ---------------------------------------------------------------------------------------------- builds and packages
    Program::new("cargo", "version,V list explain= v,verbose q,quiet color= C= frozen locked offline config= Z= h,help F,features= all-features no-default-features p,package= workspace,all exclude= j,jobs= keep-going r,release profile= target= target-dir= manifest-path= lockfile-path= message-format= bin= bins lib example= examples test= tests bench= benches all-targets no-run out-dir,artifact-dir= timings? token= index= registry= no-verify allow-dirty n,dry-run git= path= root= rev= tag= branch= force,f vers=")
        .style(Style::Plus)
        .does(&[(Loads, "config Z"), (Writes, "out-dir target-dir root"), (Elsewhere, "C manifest-path")])
        .subs(Globals::Anywhere, &[Sub::new("run r", "").strict(), Sub::new("test t bench", "no-fail-fast doc")])
        .surprising(&["cargo --config x build", "cargo build --config=x", "cargo build --out-dir x", "cargo build --manifest-path /x/Cargo.toml", "cargo build $x"])
        .plain(&["cargo build --release", "cargo test -p x", "cargo +nightly build", "cargo run -- --config x"]),
    Program::new("npm pnpm yarn", "prefix,C,dir,cwd= g,global w,workspace,filter= ws,workspaces include-workspace-root registry= userconfig= globalconfig= script-shell= tag= access= otp= loglevel= cache= s,silent d dd ddd q,quiet f,force l,long p,parseable json y,yes D,save-dev S,save P,save-prod O,save-optional E,save-exact B no-save production omit= include= dry-run ignore-scripts if-present audit no-audit fund no-fund legacy-peer-deps node-options= shell= onload-script=")
        .does(&[(Executes, "script-shell shell"), (Loads, "userconfig globalconfig node-options onload-script registry"), (Elsewhere, "prefix")])
        .subs(Globals::Anywhere, &[Sub::new("exec x", "c,call= package=").strict()])
        .surprising(&["npm --prefix x test", "npm test --script-shell=./x", "npm install --registry=http://x y", "npm run x --node-options=-r/x", "pnpm -C x test"])
        .plain(&["npm install x", "npm run build", "npm test -- --script-shell=x", "npm ls -g"]),
    Program::new("pip", "python= q,quiet v,verbose log= no-input proxy= retries= timeout= exists-action= trusted-host= cert= client-cert= cache-dir= no-cache-dir disable-pip-version-check no-color isolated require-virtualenv r,requirement= c,constraint= no-deps pre e,editable= dry-run t,target= platform= python-version= implementation= abi= user root= prefix= src= U,upgrade upgrade-strategy= force-reinstall I,ignore-installed no-build-isolation use-pep517 config-settings,C= global-option= compile no-compile no-binary= only-binary= i,index-url= extra-index-url= no-index f,find-links= require-hashes progress-bar= report= break-system-packages y,yes d,dest= w,wheel-dir= o,outdated format= path= not-required exclude= V,version h,help")
        .does(&[(Loads, "e i extra-index-url f python global-option config-settings"), (Writes, "t root prefix src log report d w")])
        .surprising(&["pip install -e .", "pip install -t /x y", "pip install --target=/x y", "pip install --index-url=u y", "pip install -i u y", "pip download -d x y", "pip install --extra-index u y"])
        .plain(&["pip install x", "pip list --format json", "pip install -r r.txt"]),
    Program::new("uv", "q,quiet v,verbose directory= project= config-file= no-config cache-dir= python,p= color= offline n,no-cache i,index-url= default-index= index= extra-index-url= f,find-links= r,requirement= e,editable= t,target= prefix= U,upgrade with= extra= group=")
        .does(&[(Loads, "config-file i default-index index extra-index-url f e python"), (Elsewhere, "directory project"), (Writes, "t prefix")])
        .subs(Globals::Anywhere, &[Sub::new("run", "").strict()])
        .surprising(&["uv --directory x sync", "uv pip install -e .", "uv pip install --target x y"])
        .plain(&["uv sync", "uv pip install x"]),
    Program::new("apt apt-get aptitude", "q,quiet? y,yes,assume-yes assume-no s,simulate,just-print,dry-run,recon,no-act d,download-only f,fix-broken m,ignore-missing,fix-missing u V,verbose-versions a,host-architecture= b,compile,build P,build-profiles= c,config-file= o,option= t,target-release,default-release= purge reinstall allow-unauthenticated allow-downgrades allow-remove-essential force-yes no-install-recommends install-recommends no-install-suggests only-upgrade no-upgrade autoremove auto-remove print-uris trivial-only no-remove h,help v,version")
        .does(&[(Loads, "c o")])
        .surprising(&["apt -o APT::Update::Pre-Invoke::=sh update", "apt-get -c x update"])
        .plain(&["apt -y install x", "apt list"]),
    Program::new("dnf yum microdnf zypper", "y,assumeyes assumeno q,quiet v,verbose c,config= x,exclude= C,cacheonly d,debuglevel= e,errorlevel= R,randomwait= enablerepo= disablerepo= repo,repoid= installroot= releasever= setopt= nogpgcheck nobest best allowerasing skip-broken downloadonly downloaddir= n,non-interactive root= reposd-dir=")
        .does(&[(Loads, "c setopt nogpgcheck"), (Elsewhere, "installroot root reposd-dir"), (Writes, "downloaddir")])
        .surprising(&["dnf -c x install y", "dnf --installroot /x install y"])
        .plain(&["dnf -y install x"]),
    Program::new("brew", "v,verbose q,quiet d,debug f,force n,dry-run cask formula HEAD").plain(&["brew install x"]),
    Program::new("go", "C=").one_dash()
        .does(&[(Elsewhere, "C")])
        .subs(Globals::Before, &[
            Sub::new("build install test vet list get run generate", "C= a n p= race msan asan cover covermode= coverpkg= v work x asmflags= buildmode= buildvcs? compiler= gccgoflags= gcflags= installsuffix= json ldflags= linkshared mod= modcacherw modfile= overlay= pgo= pkgdir= tags= trimpath toolexec= o= exec= c run= bench= count= timeout= short parallel= cpu= failfast coverprofile= cpuprofile= memprofile= blockprofile= mutexprofile= trace= outputdir= vettool= f= deps m u t").one_dash()
                .does(&[(Executes, "toolexec exec vettool"), (Loads, "overlay modfile"), (Writes, "o coverprofile cpuprofile memprofile blockprofile mutexprofile trace outputdir pkgdir"), (Elsewhere, "C")]),
        ])
        .surprising(&["go build -toolexec ./x .", "go build -o /etc/x .", "go test -exec=sh ./...", "go -C x build", "go vet -vettool=x", "go test -coverprofile=x"])
        .plain(&["go build ./...", "go test ./... -run X", "go test -v --count=1 ./..."]),
    Program::new("prettier", "w,write c,check l,list-different config= plugin= plugin-search-dir= ignore-path= parser= stdin-filepath= no-config loglevel,log-level= cache cache-location= config-path=")
        .does(&[(Writes, "w cache-location"), (Loads, "config plugin plugin-search-dir")])
        .surprising(&["prettier --write .", "prettier -cw .", "prettier --plugin=./x .", "prettier --config x.js ."])
        .plain(&["prettier --check ."]),
    Program::new("eslint", "fix fix-dry-run fix-type= c,config= rulesdir= plugin= parser= resolve-plugins-relative-to= ext= o,output-file= f,format= cache cache-location= no-eslintrc env= global= rule= quiet max-warnings= ignore-path= ignore-pattern= color no-color")
        .does(&[(Writes, "fix o cache-location"), (Loads, "c rulesdir plugin parser resolve-plugins-relative-to f")])
        .surprising(&["eslint --fix .", "eslint --rulesdir x .", "eslint -c x .", "eslint -o x ."])
        .plain(&["eslint .", "eslint --quiet src"]),
    Program::new("ruff black isort rustfmt gofmt clang-format", "w i,in-place fix unsafe-fixes write config,config-path= check diff q,quiet v,verbose l s d e exclude= select= ignore= style= line-length= edition= emit= output-file=")
        .does(&[(Writes, "w i fix write output-file")])
        .surprising(&["ruff check --fix .", "gofmt -w .", "clang-format -i x.c"])
        .plain(&["ruff check .", "black --check ."]),
    Program::new("make gmake", "B,always-make C,directory= d debug? e,environment-overrides E,eval= f,file,makefile= i,ignore-errors I,include-dir= j,jobs? k,keep-going l,load-average? L m n,just-print,dry-run,recon o,old-file,assume-old= O,output-sync? p,print-data-base q,question r,no-builtin-rules R,no-builtin-variables s,silent,quiet S,no-keep-going t,touch trace v,version w,print-directory W,what-if,new-file,assume-new=").plain(&["make -j4 all"]),

    // ---------------------------------------------------------------------------------------------- system and services
    Program::new("systemctl", "user system global H,host= M,machine= t,type= state= p,property= P= a,all l,full r,recursive reverse after before with-dependencies failed q,quiet v,verbose no-block no-wall no-reload no-pager no-legend no-ask-password kill-whom,kill-who= kill-value= s,signal= f,force i,check-inhibitors= now runtime preset-mode= n,lines= o,output= plain root= image= job-mode= timestamp= wait value show-types firmware-setup boot-loader-menu= boot-loader-entry= message= mkdir read-only what= dry-run legend=")
        .does(&[(Elsewhere, "H M root image")])
        .surprising(&["systemctl -H h status x", "systemctl --root=/x enable y"])
        .plain(&["systemctl --user status x", "systemctl list-units --all"]),
    Program::new("journalctl", "system user M,machine= m,merge D,directory= i,file= root= image= namespace= S,since= U,until= c,cursor= after-cursor= cursor-file= b,boot? u,unit= user-unit= t,identifier= p,priority= facility= g,grep= case-sensitive? k,dmesg o,output= output-fields= n,lines? r,reverse show-cursor utc x,catalog no-hostname no-full a,all f,follow no-tail q,quiet no-pager e,pager-end interval= verify-key= force header list-boots list-catalog dump-catalog update-catalog new-id128 disk-usage vacuum-size= vacuum-files= vacuum-time= verify sync relinquish-var smart-relinquish-var flush rotate setup-keys")
        .does(&[(Deletes, "vacuum-size vacuum-files vacuum-time"), (Changes, "update-catalog rotate flush relinquish-var sync setup-keys"), (Writes, "cursor-file")])
        .surprising(&["journalctl --vacuum-size=1M", "journalctl --vacuum-ti 1s", "journalctl --rotate"])
        .plain(&["journalctl -u x", "journalctl -f"]),
    Program::new("dmesg", "C,clear c,read-clear D,console-off d,show-delta E,console-on e,reltime F,file= f,facility= H,human J,json k,kernel L,color? l,level= n,console-level= P,nopager p,force-prefix r,raw S,syslog s,buffer-size= T,ctime t,notime time-format= u,userspace w,follow W,follow-new x,decode since= until=")
        .does(&[(Changes, "C c D E n")])
        .surprising(&["dmesg -C", "dmesg -Tc", "dmesg --clear", "dmesg --read-cl"])
        .plain(&["dmesg -T", "dmesg -l err"]),
    Program::new("sysctl", "n,values e,ignore N,names q,quiet w,write p,load? a,all,A b,binary X system r,pattern= deprecated dry-run")
        .does(&[(Changes, "w p system")])
        .surprising(&["sysctl -w a=1", "sysctl -p", "sysctl --system", "sysctl -nw a=1"])
        .plain(&["sysctl -a", "sysctl kernel.x"]),
    Program::new("date", "d,date= debug f,file= I,iso-8601? R,rfc-email rfc-3339= r,reference= resolution s,set= u,utc,universal")
        .does(&[(Changes, "s")])
        .surprising(&["date -s now", "date --set=now", "date -us now", "date $x"])
        .plain(&["date", "date +%s", "date -d now"]),
    Program::new("hostname", "a,alias A,all-fqdns b,boot d,domain f,fqdn,long F,file= i,ip-address I,all-ip-addresses s,short y,yp,nis")
        .does(&[(Changes, "F b")])
        .operand(1, Changes)
        .surprising(&["hostname x", "hostname -F f", "hostname $x"])
        .plain(&["hostname", "hostname -I"]),
    Program::new("mount", "a,all B,bind c,no-canonicalize f,fake F,fork T,fstab= i,internal-only l,show-labels M,move m,mkdir? n,no-mtab N,namespace= o,options= O,test-opts= r,read-only R,rbind source= target= target-prefix= t,types= U,uuid= L,label= v,verbose w,rw,read-write options-mode= options-source= make-shared make-slave make-private make-unbindable")
        .does(&[(Changes, "a B M R o make-shared make-slave make-private make-unbindable")])
        .operand(1, Changes)
        .surprising(&["mount -a", "mount /dev/a /b", "mount --bind a b", "mount -o remount,rw /"])
        .plain(&["mount", "mount -l", "mount -t ext4"]),
    Program::new("ifconfig", "a s v").operand(2, Changes).surprising(&["ifconfig eth0 down", "ifconfig eth0 10.0.0.1"]).plain(&["ifconfig", "ifconfig eth0"]),
    Program::new("ip", "V,Version h,human,human-readable b,batch= force s,stats,statistics d,details l,loops= f,family= 4 6 B M 0 o,oneline r,resolve n,netns= N,numeric a,all c,color? t,timestamp ts,tshort rc,rcvbuf= iec br,brief j,json p,pretty echo")
        .one_dash()
        .does(&[(Executes, "b")])
        .surprising(&["ip -batch x", "ip -b x"])
        .plain(&["ip addr", "ip -br link", "ip -4 addr show"]),
    Program::new("kill pkill killall", "s,signal= l,list? L,table q,queue= f,full e,echo c,count n,newest o,oldest P,parent= g,pgroup= G,group= t,terminal= u,euid,user= U,uid= v,inverse x,exact F,pidfile= I,ignore-case i,interactive r,regexp w,wait y,younger-than= Z,context=").plain(&["kill -9 1"]),
    Program::new("crontab", "u= l r e i s c=").plain(&["crontab -l"]),

    // ------------------------------------------------------------------------------------------------ clouds and containers
    Program::new("terraform tofu terragrunt", "chdir= version help").one_dash()
        .does(&[(Elsewhere, "chdir")])
        .subs(Globals::Before, &[
            Sub::new("plan apply destroy init import refresh output show state validate fmt workspace", "auto-approve input= out= var= var-file= target= replace= state= state-out= backup= backend= backend-config= plugin-dir= lock= lock-timeout= parallelism= refresh= refresh-only destroy compact-warnings no-color json raw reconfigure migrate-state upgrade from-module= get= detailed-exitcode recursive check diff write= list= generate-config-out= chdir= config= allow-missing-config").one_dash()
                .does(&[(Writes, "out state-out generate-config-out backup"), (Loads, "plugin-dir from-module")]),
        ])
        .surprising(&["terraform -chdir=prod plan", "terraform plan -out=x", "terraform init -plugin-dir=x"])
        .plain(&["terraform plan", "terraform plan -var a=b", "terraform apply -auto-approve"]),
    Program::new("docker podman nerdctl", "config= c,context,connection= D,debug H,host,url= l,log-level= tls tlscacert= tlscert= tlskey= tlsverify v,version r,remote root= runroot= namespace,n= a,address= identity= storage-opt= storage-driver=")
        .does(&[(Loads, "config"), (Elsewhere, "H c root")])
        .subs(Globals::Before, &[
            Sub::new("run create", "a,attach= add-host= annotation= blkio-weight= cap-add= cap-drop= cgroup-parent= cgroupns= cidfile= cpu-period= cpu-quota= c,cpu-shares= cpus= cpuset-cpus= cpuset-mems= d,detach detach-keys= device= device-cgroup-rule= disable-content-trust? dns= dns-option= dns-search= domainname= entrypoint= e,env= env-file= expose= gpus= group-add= health-cmd= health-interval= health-retries= health-timeout= h,hostname= init i,interactive? ip= ip6= ipc= isolation= kernel-memory= l,label= label-file= link= log-driver= log-opt= mac-address= m,memory= memory-reservation= memory-swap= mount= name= network,net= network-alias= no-healthcheck oom-kill-disable oom-score-adj= pid= pids-limit= platform= privileged? p,publish= P,publish-all pull= q,quiet read-only? restart= rm? runtime= security-opt= shm-size= sig-proxy? stop-signal= stop-timeout= storage-opt= sysctl= tmpfs= t,tty? ulimit= u,user= userns= uts= v,volume= volume-driver= volumes-from= w,workdir= pod= replace rmi secret= systemd=").strict(),
            Sub::new("exec", "d,detach detach-keys= e,env= env-file= i,interactive? privileged? t,tty? u,user= w,workdir=").strict(),
            Sub::new("build", "t,tag= f,file= build-arg= no-cache? pull? push? target= platform= o,output= q,quiet network= add-host= secret= ssh= label= cache-from= cache-to= progress= iidfile= metadata-file= rm? load? build-context= builder=")
                .does(&[(Writes, "o iidfile metadata-file"), (Sends, "push")]),
            Sub::new("compose", "f,file= p,project-name= profile= env-file= project-directory= parallel= ansi= progress= compatibility dry-run"),
        ])
        .surprising(&["docker -H h ps", "docker --context x ps", "docker build -o x .", "docker build --push ."])
        .plain(&["docker ps -a", "docker build -t x ."]),
    Program::new("kubectl oc", "n,namespace= context= cluster= user= kubeconfig= as= as-group= as-uid= s,server= token= certificate-authority= client-certificate= client-key= insecure-skip-tls-verify tls-server-name= request-timeout= v= cache-dir= password= username= profile= profile-output= warnings-as-errors match-server-version f,filename= l,selector= o,output= R,recursive? all A,all-namespaces? force? grace-period= dry-run? w,watch? field-selector= c,container= it i,stdin? t,tty? k,kustomize= p,patch= type= replicas= image= timeout= wait? cascade? ignore-not-found? now? sort-by= template= raw= L,label-columns= show-labels tail= since= previous follow")
        .does(&[(Loads, "kubeconfig"), (Elsewhere, "context cluster s")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["kubectl --kubeconfig x get pods", "kubectl get pods --context prod"])
        .plain(&["kubectl get pods", "kubectl -n x get pods -o yaml"]),
    Program::new("helm", "n,namespace= kube-context= kubeconfig= kube-apiserver= kube-token= kube-as-user= kube-as-group= kube-ca-file= registry-config= repository-cache= repository-config= burst-limit= qps= debug f,values= set= set-string= set-file= set-json= version= post-renderer= post-renderer-args= wait atomic timeout= dry-run? i,install create-namespace repo= username= password= description= history-max= keep-history cascade= no-hooks force reuse-values reset-values o,output= output-dir= d,destination= a,all A,all-namespaces q,short l,selector= m,max=")
        .does(&[(Executes, "post-renderer"), (Loads, "kubeconfig"), (Elsewhere, "kube-context kube-apiserver"), (Writes, "output-dir d")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["helm template x --post-renderer sh", "helm template --output-dir x y"])
        .plain(&["helm list", "helm -n x template y"]),
    Program::new("aws", "debug endpoint-url= no-verify-ssl no-paginate output= query= profile= region= version color= no-sign-request ca-bundle= cli-read-timeout= cli-connect-timeout= cli-binary-format= no-cli-pager cli-auto-prompt no-cli-auto-prompt cli-input-json= cli-input-yaml= recursive quiet dryrun force exclude= include= acl= sse= delete bucket= key= body= function-name= instance-ids= stack-name=")
        .does(&[(Elsewhere, "endpoint-url")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["aws s3 ls --endpoint-url http://x"])
        .plain(&["aws s3 ls", "aws --profile p s3 ls"]),
    Program::new("gcloud gsutil bq az", "account= billing-project= configuration= flags-file= flatten= format= project= project_id= q,quiet verbosity= impersonate-service-account= access-token-file= log-http trace-token= user-output-enabled? zone= region= subscription= g,resource-group= n,name= query= o,output= m D h,header= filter= limit= sort-by= location= yes,y")
        .does(&[(Loads, "flags-file")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["gcloud --flags-file=x projects list"])
        .plain(&["gcloud projects list", "gcloud --project p compute instances list"]),
    Program::new("pulumi", "s,stack= C,cwd= y,yes f,skip-preview color= config,c= config-file= v,verbose= non-interactive d,debug logtostderr message,m= target,t= parallel,p= refresh,r? json,j")
        .does(&[(Elsewhere, "C")])
        .subs(Globals::Anywhere, &[])
        .surprising(&["pulumi -C x preview"])
        .plain(&["pulumi preview -s dev"]),

    // ------------------------------------------------------------------------------------------------------ interpreters
    Program::new("python pypy", "b B c= d E h i I m= O OO P q R s S u v V W= x X= ?").strict().style(Style::Module).plain(&["python3 x.py"]),
    Program::new("perl", "0? a c C? d? D? e= E= f F= h i? I= l? m= M= n p s S t T u U v V? w W x? X").strict().plain(&["perl x.pl"]),
    Program::new("ruby", "0? a c C= d,debug e= E= F= h i? I= l n p r= s S T? u U v,verbose w W? x? y X= K? encoding= enable= disable=").strict().plain(&["ruby x.rb"]),
    Program::new("node nodejs", "c,check e,eval= p,print? i,interactive r,require= import= loader,experimental-loader= v,version input-type= inspect? inspect-brk? max-old-space-size= env-file= watch watch-path= test stack-trace-limit= title= C,conditions=").strict().plain(&["node x.js"]),
    Program::new("php", "a c= n d= e f= h i l m r= R= B= E= F= H S= t= s v w z= rf= ri= rc= re= rz=").strict().plain(&["php x.php"]),
    Program::new("bash sh zsh dash ksh mksh ash", "a b c e f h i k l m n o= p r s t u v x B C D E H O= P T rcfile,init-file= login norc noprofile noediting posix restricted verbose debugger dump-strings dump-po-strings help version").strict().plain(&["bash x.sh"]),

    // --------------------------------------------------------------------------------------------------- other commands
    Program::new("sudo", "A,askpass B,bell b,background C,close-from= D,chdir= E preserve-env? e,edit g,group= H,set-home h,host= help i,login K,remove-timestamp k,reset-timestamp l,list N,no-update n,non-interactive P,preserve-groups p,prompt= R,chroot= r,role= S,stdin s,shell T,command-timeout= t,type= U,other-user= u,user= V,version v,validate").strict().plain(&["sudo -l"]),
    Program::new("env", "i,ignore-environment 0,null u,unset= C,chdir= S,split-string= v,debug block-signal? default-signal? ignore-signal? list-signal-handling argv0,a=").strict().plain(&["env"]),
    Program::new("xargs", "0,null a,arg-file= d,delimiter= E= e? eof? I= i? replace? L,max-lines= l? n,max-args= o,open-tty P,max-procs= p,interactive process-slot-var= r,no-run-if-empty s,max-chars= show-limits t,verbose x,exit").strict().plain(&["xargs -n 1 echo"]),
];
